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
