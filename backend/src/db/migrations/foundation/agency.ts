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
