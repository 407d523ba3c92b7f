export const CONVERSATIONS = `
create table threads (
  id int generated always as identity primary key,
  business_id int not null references businesses (id) on delete cascade,
  type text not null check (type in ('whatsapp', 'call')),
  provider text not null check (provider in ('twilio', 'baileys')),
  -- '' when the caller withholds the number; each such call has a thread of its own.
  peer_number text not null,
  contact_id int,
  title text not null default '',
  status text not null default 'open' check (status in ('open', 'closed')),
  assigned_to int,
  ai_paused_until timestamptz,
  unread_count int not null default 0,
  last_message_at timestamptz,
  last_inbound_at timestamptz,
  pending_slot jsonb,
  created_at timestamptz not null default now(),
  unique (business_id, id),
  foreign key (business_id, contact_id) references contacts (business_id, id)
    on delete set null (contact_id),
  foreign key (business_id, assigned_to) references users (business_id, id)
    on delete set null (assigned_to)
);
create unique index threads_peer on threads (business_id, type, provider, peer_number)
  where peer_number <> '';
create index on threads (business_id, last_message_at desc, id desc);
create index on threads (business_id, contact_id);
call protect_table('threads', 'business_id');

create table messages (
  id int generated always as identity primary key,
  business_id int not null references businesses (id) on delete cascade,
  thread_id int not null,
  direction text not null check (direction in ('in', 'out')),
  author text not null check (author in ('customer', 'agent', 'user')),
  message_type text not null default 'text',
  text text,
  media_url text,
  provider text not null check (provider in ('twilio', 'baileys')),
  provider_msg_id text,
  status text not null check (status in
    ('received', 'queued', 'held', 'sent', 'delivered', 'read', 'failed')),
  error text,
  route_reason text,
  reply_to_id int,
  reactions jsonb not null default '[]',
  edited_at timestamptz,
  deleted_at timestamptz,
  created_at timestamptz not null default now(),
  unique (business_id, id),
  -- Two businesses of one appliance may write to each other, so the id is one business's.
  unique (business_id, provider, provider_msg_id),
  foreign key (business_id, thread_id) references threads (business_id, id) on delete cascade,
  foreign key (business_id, reply_to_id) references messages (business_id, id)
    on delete set null (reply_to_id)
);
create index on messages (business_id, thread_id, id);
call protect_table('messages', 'business_id');

-- What each tool call of the agent came to, so that a repeated one gives the same answer.
create table tool_calls (
  business_id int not null references businesses (id) on delete cascade,
  thread_id int not null,
  tool_call_id text not null,
  call_sid text,
  name text not null,
  arguments jsonb not null,
  result jsonb not null,
  created_at timestamptz not null default now(),
  primary key (business_id, thread_id, tool_call_id),
  foreign key (business_id, thread_id) references threads (business_id, id) on delete cascade
);
call protect_table('tool_calls', 'business_id');
`;
