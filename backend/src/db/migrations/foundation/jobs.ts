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
