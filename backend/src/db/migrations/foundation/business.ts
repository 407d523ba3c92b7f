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
