export const CRM = `
create table appointments (
  id int generated always as identity primary key,
  business_id int not null references businesses (id) on delete cascade,
  calendar_id int not null,
  contact_id int,
  title text not null default '',
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  status text not null default 'booked' check (status in ('booked', 'cancelled', 'done', 'no_show')),
  source text not null check (source in ('call', 'whatsapp', 'console')),
  call_sid text,
  thread_id int,
  created_at timestamptz not null default now(),
  unique (business_id, id),
  check (ends_at > starts_at),
  foreign key (business_id, calendar_id) references calendars (business_id, id),
  foreign key (business_id, contact_id) references contacts (business_id, id)
    on delete set null (contact_id),
  foreign key (business_id, thread_id) references threads (business_id, id)
    on delete set null (thread_id),
  foreign key (business_id, call_sid) references calls (business_id, call_sid)
    on delete set null (call_sid),
  constraint appointments_no_overlap exclude using gist (
    business_id with =, calendar_id with =, tstzrange(starts_at, ends_at) with &&
  ) where (status = 'booked')
);
create index on appointments (business_id, starts_at);
create index on appointments (business_id, contact_id);
call protect_table('appointments', 'business_id');

alter table calls add foreign key (business_id, appointment_id)
  references appointments (business_id, id) on delete set null (appointment_id);

create table tasks (
  id int generated always as identity primary key,
  business_id int not null references businesses (id) on delete cascade,
  title text not null,
  body text not null default '',
  status text not null default 'open' check (status in ('open', 'done')),
  due_at timestamptz,
  remind_at timestamptz,
  created_by int,
  assigned_to int,
  contact_id int,
  call_sid text,
  thread_id int,
  -- Says what a task made by the product is about, so that a repeated job makes no second one.
  dedupe_key text,
  created_at timestamptz not null default now(),
  unique (business_id, id),
  unique (business_id, dedupe_key),
  foreign key (business_id, assigned_to) references users (business_id, id)
    on delete set null (assigned_to),
  foreign key (business_id, contact_id) references contacts (business_id, id)
    on delete set null (contact_id),
  foreign key (business_id, call_sid) references calls (business_id, call_sid)
    on delete set null (call_sid),
  foreign key (business_id, thread_id) references threads (business_id, id)
    on delete set null (thread_id)
);
create index on tasks (business_id, status, id desc);
call protect_table('tasks', 'business_id');

create table notifications (
  id int generated always as identity primary key,
  -- null: for the agency's own admins
  business_id int references businesses (id) on delete cascade,
  kind text not null,
  title text not null,
  body text not null default '',
  link text,
  dedupe_key text,
  read_at timestamptz,
  resolved_at timestamptz,
  created_at timestamptz not null default now(),
  unique (business_id, id),
  unique (business_id, dedupe_key)
);
create index on notifications (business_id, id desc);
call protect_table('notifications', 'business_id');
`;
