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
