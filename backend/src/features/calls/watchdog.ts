import type { Database } from "../../db/database.ts";
import type { JobHandlers } from "../../db/jobs.ts";
import type { Logger } from "../../platform/log.ts";
import type { TwilioRest } from "./twilio-rest.ts";
import type { Twiml } from "./twiml.ts";
import { sendToFallback } from "./fallback.ts";

/**
 * A stream that is not there 8 s after the TwiML never will be. It is missed twice before anything
 * is done: when the database was away, the process that has the stream needs a moment to say so.
 */
const LOOK_AGAIN_MS = 3000;
export const FIRST_LOOK_MS = 8000 - LOOK_AGAIN_MS;
const SWEEP_MS = 3000;

interface Deps {
  db: Database;
  log: Logger;
  rest: TwilioRest;
  twiml: Twiml;
}

/**
 * Notes which running calls have lost their process: it holds its lease no more, so it was killed or
 * its machine is gone. A lease that is only being taken again, after the database was away, is
 * noted too and forgiven by the next sweep.
 */
const NOTE_ORPHANS = `
  with running as (
    select c.call_sid, not exists (select 1 from pg_locks l where l.locktype = 'advisory'
      and l.classid = 'jobs.workers'::regclass::oid and l.objid = c.host_lease::oid
      and l.objsubid = 2) as orphaned
    from calls c where c.status = 'active' and c.redirected_at is null
  )
  update calls c set orphaned_at = case when r.orphaned then coalesce(c.orphaned_at, now()) end
  from running r
  where r.call_sid = c.call_sid and r.orphaned is distinct from (c.orphaned_at is not null)`;

const ORPHANS = `
  select call_sid, business_id from calls
  where status = 'active' and redirected_at is null
    and orphaned_at < now() - interval '6 seconds'`;

/**
 * Jobs that bring a call to the record fallback when its stream can't: they are in the database, so
 * they outlive the process that answered the webhook.
 */
export function watchdogJobs({ db, log, rest, twiml }: Deps): JobHandlers {
  return {
    async "call.watchdog"({ business_id, call_sid, missed_at }) {
      await db.inBusiness(business_id, async (tx) => {
        const waiting = await tx
          .trx("calls")
          .where({ call_sid, status: "ringing" })
          .whereNull("token_used_at")
          .first("call_sid");
        if (!waiting) return;
        const now = Date.now();
        if (!(typeof missed_at === "number" && now - missed_at < 2 * LOOK_AGAIN_MS)) {
          const options = { key: `watchdog:${call_sid}`, run_at: new Date(now + LOOK_AGAIN_MS) };
          return tx.enqueue("call.watchdog", { call_sid, missed_at: now }, options);
        }
        log.warn({ biz: business_id, call_sid }, "[CALL] stream never started");
        await sendToFallback(tx, String(call_sid), "stream_never_started", { redirect: true, log });
      });
    },

    async "call.redirect"({ business_id, call_sid }) {
      const outcome = await rest.redirect(String(call_sid), twiml.recordFallback());
      log.info({ biz: business_id, call_sid, outcome }, "[CALL] sent to the record fallback");
    },

    async "calls.sweep"() {
      try {
        const orphans = await db.inSystem(async (tx) => {
          await tx.trx.raw(NOTE_ORPHANS);
          const { rows } = await tx.trx.raw<{ rows: { call_sid: string; business_id: number }[] }>(
            ORPHANS,
          );
          return rows;
        });
        for (const { business_id, call_sid } of orphans) {
          log.warn({ biz: business_id, call_sid }, "[CALL] its process is gone");
          await db.inBusiness(business_id, (tx) =>
            sendToFallback(tx, call_sid, "process_died", { redirect: true, log }),
          );
        }
      } finally {
        await scheduleSweep(db);
      }
    },
  };
}

/** Sees to it that the sweep runs a few seconds from now; it goes on by itself from there. */
export async function scheduleSweep(db: Database): Promise<void> {
  const run_at = new Date(Date.now() + SWEEP_MS);
  await db.inSystem((tx) => tx.enqueue("calls.sweep", {}, { key: "calls.sweep", run_at }));
}
