import type { Stack } from "./stack.ts";

/** What the appliance has in its database, as far as the drill asks. */
export interface Books {
  readonly calls: readonly {
    readonly call_sid: string;
    readonly status: "ringing" | "active" | "completed" | "fallback" | "failed";
    readonly over: boolean;
    readonly recording_sid: string | null;
    /** The recording itself was fetched. */
    readonly kept: boolean;
  }[];
  /** How often each message of a customer is there, by WhatsApp's id. */
  readonly messages: Readonly<Record<string, number>>;
  /** Ids of appointments that stand. */
  readonly appointments: readonly number[];
  /** Pairs of appointments at the same time. */
  readonly doubled: number;
  /** Messages of the agent that nobody knows the fate of, or that failed. */
  readonly unsent: number;
  /** Jobs that were given up; what is without its key was replaced by a later one of the same key. */
  readonly given_up: readonly string[];
}

const query = (since: number) => `select json_build_object(
  'calls', (select coalesce(json_agg(json_build_object('call_sid', call_sid, 'status', status,
    'over', ended_at is not null, 'recording_sid', recording_sid,
    'kept', recording_path is not null)), '[]') from calls),
  'messages', (select coalesce(json_object_agg(provider_msg_id, n), '{}') from
    (select provider_msg_id, count(*) n from messages where direction = 'in' group by 1) m),
  'appointments', (select coalesce(json_agg(id), '[]') from appointments where status = 'booked'),
  'doubled', (select count(*) from appointments a join appointments b on a.id < b.id
    and a.calendar_id = b.calendar_id and a.status = 'booked' and b.status = 'booked'
    and tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)),
  'unsent', (select count(*) from messages where direction = 'out'
    and status in ('queued', 'held', 'failed')
    and created_at >= to_timestamp(${since / 1000})),
  'given_up', (select coalesce(json_agg(task_identifier), '[]') from graphile_worker.jobs
    where attempts >= max_attempts and key is not null and created_at >= to_timestamp(${since / 1000})))`;

/** @param since ms of the epoch; what went wrong before is not told again */
export const readBooks = (stack: Stack, since: number): Promise<Books> =>
  stack.query<Books>(query(since));
