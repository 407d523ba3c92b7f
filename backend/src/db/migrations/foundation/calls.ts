export const CALLS = `
create table calls (
  -- the order in which calls came; others name a call by its sid
  id int generated always as identity unique,
  call_sid text primary key,
  business_id int not null references businesses (id) on delete cascade,
  direction text not null default 'inbound' check (direction in ('inbound', 'outbound')),
  from_number text not null,
  to_number text not null,
  status text not null default 'ringing'
    check (status in ('ringing', 'active', 'completed', 'fallback', 'failed')),
  end_reason text,
  started_at timestamptz not null default now(),
  stream_started_at timestamptz,
  ended_at timestamptz,
  duration_seconds int,
  thread_id int,
  contact_id int,
  appointment_id int,
  ledger jsonb not null default '{"greeting_ms": null, "answers_ms": [], "barge_ins": [],
    "silences_over_3s": 0, "fallback_reason": null}',
  stream_sid text,
  -- set when the stream's single-use token was taken
  token_used_at timestamptz,
  -- the lease of the process that carries the stream (see jobs.workers)
  host_lease int,
  -- since when the sweep has missed that lease
  orphaned_at timestamptz,
  -- set once, by whoever sends the call to the record fallback
  redirected_at timestamptz,
  recording_sid text,
  recording_source_url text,
  recording_path text,
  recording_content_type text,
  recording_duration_seconds int,
  recording_transcript text,
  unique (business_id, call_sid),
  foreign key (business_id, thread_id) references threads (business_id, id)
    on delete set null (thread_id),
  foreign key (business_id, contact_id) references contacts (business_id, id)
    on delete set null (contact_id)
);
create index on calls (business_id, id desc);
create index on calls (business_id, started_at);
create index on calls (business_id, contact_id);
create index calls_live on calls (host_lease) where status in ('ringing', 'active');
call protect_table('calls', 'business_id');

create table call_turns (
  business_id int not null,
  call_sid text not null,
  seq int not null,
  role text not null check (role in ('caller', 'agent')),
  text text not null,
  heard_text text,
  interrupted boolean not null default false,
  started_at timestamptz not null,
  primary key (business_id, call_sid, seq),
  foreign key (business_id, call_sid) references calls (business_id, call_sid) on delete cascade
);
call protect_table('call_turns', 'business_id');
`;
