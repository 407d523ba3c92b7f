/**
 * Two roles share the connection's login. `agentlocator_app` sees the business named by
 * `app.business_id`; `agentlocator_system` sees all. The login itself has no policy and, with FORCE,
 * sees nothing, so that forgetting to enter a role finds no rows instead of everybody's.
 * Neither role needs BYPASSRLS, which managed PostgreSQL often refuses.
 */
export const ROLES = `
create extension if not exists btree_gist;

do $$
declare
  role_name text;
begin
  foreach role_name in array array['agentlocator_app', 'agentlocator_system'] loop
    if not exists (select 1 from pg_roles where rolname = role_name) then
      execute format('create role %I nologin', role_name);
    end if;
    -- Entered by SET ROLE only: a role that the login inherits would lend it its policies.
    if pg_has_role(current_user, role_name, 'usage')
      or not pg_has_role(current_user, role_name, 'set') then
      execute format('grant %I to %I with inherit false, set true', role_name, current_user);
    end if;
  end loop;
end $$;

grant usage on schema public to agentlocator_app, agentlocator_system;

-- The setting is '' and not null once a transaction that had set it has ended.
create function acting_business() returns int language sql stable
  return nullif(current_setting('app.business_id', true), '')::int;

-- Row level security as every table has it. Tables without business_id are the system's alone.
create procedure protect_table(name text, tenant_column text) language plpgsql as $$
begin
  execute format('alter table %I enable row level security', name);
  execute format('alter table %I force row level security', name);
  execute format('grant select, insert, update, delete on %I to agentlocator_system', name);
  execute format('create policy system on %I to agentlocator_system using (true) with check (true)', name);
  if tenant_column is not null then
    execute format('grant select, insert, update, delete on %I to agentlocator_app', name);
    execute format('create policy business on %I to agentlocator_app'
      ' using (%2$I = acting_business()) with check (%2$I = acting_business())', name, tenant_column);
  end if;
end $$;
`;

export const AGENCY = `
create table businesses (
  id int generated always as identity primary key,
  name text not null,
  phone_number text unique,
  whatsapp_number text unique,
  timezone text not null default 'Asia/Jerusalem',
  locale text not null default 'he',
  status text not null default 'active' check (status in ('active', 'suspended')),
  created_at timestamptz not null default now()
);
call protect_table('businesses', 'id');
-- A business reads itself; only the agency makes, renames or removes one.
revoke insert, update, delete on businesses from agentlocator_app;

create table users (
  id int generated always as identity primary key,
  business_id int references businesses (id) on delete cascade,
  email text not null unique,
  name text not null,
  role text not null check (role in ('system_admin', 'owner', 'agent')),
  status text not null default 'active' check (status in ('active', 'suspended')),
  password_hash text not null,
  created_at timestamptz not null default now(),
  unique (business_id, id),
  check ((role = 'system_admin') = (business_id is null))
);
call protect_table('users', 'business_id');

create table sessions (
  id_hash text primary key,
  user_id int not null references users (id) on delete cascade,
  csrf_token text not null,
  impersonated_tenant_id int references businesses (id) on delete cascade,
  impersonation_expires_at timestamptz,
  ip text,
  user_agent text,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index on sessions (user_id);
call protect_table('sessions', null);

create table setup_tokens (
  token_hash text primary key,
  expires_at timestamptz not null,
  used_at timestamptz
);
call protect_table('setup_tokens', null);

create table audit_log (
  id bigint generated always as identity primary key,
  business_id int references businesses (id) on delete cascade,
  actor_user_id int,
  action text not null,
  subject text,
  detail jsonb not null default '{}',
  ip text,
  created_at timestamptz not null default now()
);
create index on audit_log (business_id, id desc);
call protect_table('audit_log', 'business_id');
-- What is written in the log stays as it was.
revoke update, delete on audit_log from agentlocator_app, agentlocator_system;
`;

export const BUSINESS = `
create table settings (
  business_id int primary key references businesses (id) on delete cascade,
  ai_prompt text not null,
  greeting text not null,
  greeting_mode text not null check (greeting_mode in ('realtime', 'play')),
  voice text not null,
  language text not null,
  timezone text not null,
  business_hours jsonb not null,
  slot_minutes int not null check (slot_minutes between 5 and 480),
  closed_dates jsonb not null,
  vad jsonb not null,
  barge_in boolean not null,
  whatsapp_provider text not null check (whatsapp_provider in ('auto', 'baileys', 'twilio')),
  ai_enabled_calls boolean not null,
  ai_enabled_whatsapp boolean not null,
  human_pause_minutes int not null,
  transfer_number text,
  updated_at timestamptz not null default now()
);
call protect_table('settings', 'business_id');

-- The greeting as the model spoke it; the key says from which text, voice and model.
create table greetings (
  business_id int not null references businesses (id) on delete cascade,
  key text not null,
  audio bytea not null,
  created_at timestamptz not null default now(),
  primary key (business_id, key)
);
call protect_table('greetings', 'business_id');

create table calendars (
  id int generated always as identity primary key,
  business_id int not null references businesses (id) on delete cascade,
  name text not null,
  created_at timestamptz not null default now(),
  unique (business_id, id)
);
call protect_table('calendars', 'business_id');

create table contacts (
  id int generated always as identity primary key,
  business_id int not null references businesses (id) on delete cascade,
  name text not null default '',
  phone text,
  whatsapp_lid text,
  created_at timestamptz not null default now(),
  unique (business_id, id),
  unique (business_id, phone),
  unique (business_id, whatsapp_lid)
);
call protect_table('contacts', 'business_id');
`;

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

export const LIVE = `
create table events (
  id bigint generated always as identity primary key,
  business_id int not null references businesses (id) on delete cascade,
  name text not null,
  ref jsonb not null,
  created_at timestamptz not null default now()
);
create index on events (business_id, id);
create index on events (created_at);
call protect_table('events', 'business_id');
`;

export const JOBS = `
-- Which process (advisory lock on its lease) a pool of job workers belongs to; see worker-lease.ts.
create schema jobs;
create table jobs.workers (
  worker_id text primary key,
  lease int not null,
  created_at timestamptz not null default now()
);
-- The watchdog compares a call's lease with the locks held in this table's name.
grant usage on schema jobs to agentlocator_system;

-- graphile-worker's own tables are closed to both roles; this is their only way to add a job, and
-- within a business the job is that business's whatever the payload says.
create function enqueue(
  task text, payload json, queue text, run_at timestamptz, max_attempts int, job_key text
) returns void language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  business int := public.acting_business();
begin
  if business is not null then
    payload := (payload::jsonb || jsonb_build_object('business_id', business))::json;
  end if;
  perform graphile_worker.add_job(
    identifier => task, payload => payload, queue_name => queue, run_at => run_at,
    max_attempts => max_attempts, job_key => job_key);
end $$;
revoke all on function enqueue from public;
grant execute on function enqueue to agentlocator_app, agentlocator_system;
`;
