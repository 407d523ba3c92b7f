import { BackupStatus } from "@agentlocator/contract";
import { defineRoute } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Env } from "../../platform/env.ts";
import { isOverdue, lastRestore, loadStanding } from "./store.ts";
import type { Standing } from "./store.ts";

export interface BackupRoutesDeps {
  clock: Clock;
  env: Pick<Env, "BACKUP_MAX_AGE_HOURS" | "S3_BUCKET">;
}

/** How old the newest backup is, for who is responsible for the installation. */
export function backupRoutes({ clock, env }: BackupRoutesDeps): Route[] {
  const hours = env.BACKUP_MAX_AGE_HOURS;
  function stateOf(standing: Standing): BackupStatus["state"] {
    if (hours === undefined) return "off";
    if (isOverdue(standing, hours, clock.now())) return "overdue";
    return standing.newest ? "ok" : "none_yet";
  }
  return [
    defineRoute({
      id: "getBackupStatus",
      method: "get",
      path: "/api/admin/backups",
      summary: "The newest backup, what failed since, and whether it is time to worry",
      access: { system: "businesses.manage" },
      response: BackupStatus,
      handler: async ({ tx }) => {
        const standing = await loadStanding(tx);
        const restore = await lastRestore(tx);
        return {
          state: stateOf(standing),
          max_age_hours: hours ?? null,
          newest: standing.newest,
          failed: standing.failed,
          restored_at: restore?.restored_at ?? null,
          restored_made_at: restore?.made_at ?? null,
          bucket_not_included: env.S3_BUCKET ?? null,
        };
      },
    }),
  ];
}
