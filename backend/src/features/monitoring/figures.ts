import type { Database } from "../../db/database.ts";
import type { JobFigures } from "../../db/job-figures.ts";

/** What the database says of the service as a whole: every process gives the same answer. */
export interface Figures {
  jobs: JobFigures;
  /** Calls begun in the last half hour, by how they stand. */
  calls: { status: string; calls: number }[];
  /** Channels of which a person was told that they are down. */
  incidents: { business_id: number; reason: string | null }[];
  /** Messages that nobody has taken yet, or of which nobody knows whether they were. */
  outgoing: { status: string; messages: number; oldest_seconds: number }[];
  /** Messages of the last hour that could not be sent. */
  not_sent: number;
  /** Conversations in which the agent owes an answer and can't give it. */
  unanswered: { chats: number; longest_seconds: number };
  database_bytes: number;
  /** Since the newest backup that was restored as a test; null without one. */
  backup_age_seconds: number | null;
  /** The latest attempt at a backup failed. */
  backup_failed: boolean;
}

const QUESTIONS = `
  select
    (select coalesce(json_agg(c), '[]') from (
      select status, count(*) as calls from calls
      where started_at > now() - interval '30 minutes' group by status) c) as calls,
    (select coalesce(json_agg(i), '[]') from (
      select business_id, reason from whatsapp_incidents where closed_at is null) i) as incidents,
    (select coalesce(json_agg(o), '[]') from (
      select m.status, count(*) as messages,
        extract(epoch from now() - min(o.queued_at))::float8 as oldest_seconds
      from outbox o join messages m on m.business_id = o.business_id and m.id = o.message_id
      where o.state <> 'done' and m.status in ('queued', 'held') group by m.status) o) as outgoing,
    (select count(*) from messages
      where status = 'failed' and created_at > now() - interval '1 hour') as not_sent,
    (select json_build_object('chats', count(*), 'longest_seconds',
        coalesce(extract(epoch from now() - min(answer_failing_since)), 0))
      from threads where answer_failing_since is not null) as unanswered,
    (select extract(epoch from now() - max(started_at))::float8 from backups
      where error is null) as backup_age_seconds,
    coalesce((select error is not null from backups order by id desc limit 1), false)
      as backup_failed,
    pg_database_size(current_database()) as database_bytes`;

/** @throws when the database does not answer */
export async function readFigures(db: Database): Promise<Figures> {
  const [answer, jobs] = await Promise.all([
    db.inSystem(({ trx }) => trx.raw<{ rows: Omit<Figures, "jobs">[] }>(QUESTIONS)),
    db.jobFigures(),
  ]);
  return { ...answer.rows[0]!, jobs };
}
