import type { JobHandlers } from "../../db/jobs.ts";
import type { AuthDeps } from "./deps.ts";
import { FORGOTTEN, sendLink } from "./forgotten-password.ts";
import { endedSessions } from "./session-store.ts";

/**
 * `prune_sessions`: sessions, setup tokens and password links that open nothing any more are
 * removed. `auth.forgotten`: the link for who forgot their password.
 */
export function authJobs(
  deps: Pick<AuthDeps, "db" | "clock" | "log" | "mailer" | "public_base_url">,
): JobHandlers {
  const { db, clock } = deps;
  return {
    prune_sessions: () =>
      db.inSystem(async (tx) => {
        const now = clock.now();
        await endedSessions(tx, now).delete();
        for (const table of ["setup_tokens", "password_links"]) {
          await tx.trx(table).where("expires_at", "<=", new Date(now)).delete();
        }
      }),
    [FORGOTTEN]: ({ email, ip }) => sendLink(deps, { email: String(email), ip: String(ip) }),
  };
}
