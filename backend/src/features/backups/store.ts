import type { Backup } from "@agentlocator/contract";
import type { SystemTx } from "../../db/database.ts";

const HOUR_MS = 3_600_000;

/** What is known of the backups at one moment. */
export interface Standing {
  /** The newest that was restored as a test. */
  newest: Backup | null;
  /** The latest attempt, when nothing has succeeded since. */
  failed: Backup | null;
  /** Since when there is something that can be lost: the first person's account. */
  since: string | null;
}

export async function loadStanding({ trx }: SystemTx): Promise<Standing> {
  const columns = ["id", "started_at", "finished_at", "name", "version", "encrypted", "error"];
  // Sizes are far below 2^53.
  const attempts = () => trx("backups").select(...columns, trx.raw("bytes::float8 as bytes"));
  const latest = (query: ReturnType<typeof attempts>): Promise<Backup | undefined> =>
    query.orderBy("id", "desc").first();
  const newest = (await latest(attempts().whereNull("error"))) ?? null;
  const failed = await latest(
    attempts()
      .whereNotNull("error")
      .where("id", ">", newest?.id ?? 0),
  );
  const [first] = await trx("users").min<{ since: string | null }[]>("created_at as since");
  return { newest, failed: failed ?? null, since: first?.since ?? null };
}

/** The newest backup, or the lack of one, is older than it may become. */
export function isOverdue({ newest, since }: Standing, max_age_hours: number, now: number) {
  const from = newest?.started_at ?? since;
  return from !== null && now - Date.parse(from) > max_age_hours * HOUR_MS;
}

/** The last restore that this data went through. */
export async function lastRestore({
  trx,
}: SystemTx): Promise<{ restored_at: string; made_at: string } | null> {
  return (await trx("restores").orderBy("id", "desc").first("restored_at", "made_at")) ?? null;
}
