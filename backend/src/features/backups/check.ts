import type { Database } from "../../db/database.ts";
import type { JobHandlers } from "../../db/jobs.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Env } from "../../platform/env.ts";
import type { Logger } from "../../platform/log.ts";
import { notifyAgency, resolveAgency } from "../notifications/index.ts";
import { isOverdue, loadStanding } from "./store.ts";

export interface CheckDeps {
  db: Database;
  log: Logger;
  clock: Clock;
  env: Pick<Env, "BACKUP_MAX_AGE_HOURS">;
}

const link = "/app/businesses";
const NEWS = {
  backup_overdue: (hours: number) => ({
    title: "אין גיבוי עדכני",
    body: `הגיבוי האחרון שנבדק ישן מ־${hours} שעות. scripts/doctor בשרת אומר מה לא תקין.`,
  }),
  backup_failed: (error: string) => ({ title: "הגיבוי נכשל", body: error.slice(0, 300) }),
};

/**
 * `check_backups`: rings the administrators' bell when the newest backup is too old or the latest
 * attempt failed, once until there is another backup; then it closes by itself.
 */
export function backupJobs({ db, log, clock, env }: CheckDeps): JobHandlers {
  const hours = env.BACKUP_MAX_AGE_HOURS;
  return {
    check_backups: () =>
      db.inSystem(async (tx) => {
        const now = clock.now();
        const standing = await loadStanding(tx);
        const { newest, failed } = standing;
        const after = newest?.id ?? 0;
        if (failed) {
          const kind = "backup_failed";
          const news = { kind, link, alert: true, ...NEWS[kind](failed.error ?? "") };
          await notifyAgency(tx, { ...news, dedupe_key: `${kind}:${after}` }, log);
        } else {
          await resolveAgency(tx, "backup_failed", new Date(now));
        }
        if (hours !== undefined && isOverdue(standing, hours, now)) {
          const kind = "backup_overdue";
          const news = { kind, link, alert: true, ...NEWS[kind](hours) };
          await notifyAgency(tx, { ...news, dedupe_key: `${kind}:${after}` }, log);
        } else {
          await resolveAgency(tx, "backup_overdue", new Date(now));
        }
      }),
  };
}
