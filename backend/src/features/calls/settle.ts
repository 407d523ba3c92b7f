import type { Database } from "../../db/database.ts";
import type { JobHandlers } from "../../db/jobs.ts";
import type { Logger } from "../../platform/log.ts";
import { normalisePhone } from "../../platform/phone.ts";
import { findBusinessByPhone } from "../businesses/index.ts";
import { sendToFallback } from "./fallback.ts";
import { OVER, storeRecording } from "./reports.ts";
import { settleLater } from "./settle-later.ts";
import { businessOfCall, callerNumber, openCall, reportEnd } from "./store.ts";
import type { KnownCall, TwilioRest } from "./twilio-rest.ts";

/** A start takes its time, and what was under way at the end is written by then. */
const LOOK_BACK_AFTER_MS = 30_000;
/** What was still waiting to be written when the newest call was. */
const OVERLAP_MS = 10 * 60_000;

interface Deps {
  db: Database;
  log: Logger;
  rest: TwilioRest;
}

/**
 * Jobs that ask Twilio for what it reported while no backend was there: it tells each thing once.
 * With them no call stays open for ever, and no message stays at Twilio unheard.
 */
export function settleJobs({ db, log, rest }: Deps): JobHandlers {
  return {
    async "call.settle"(payload) {
      const { business_id } = payload;
      const call_sid = String(payload["call_sid"]);
      const open = await db.inBusiness(business_id, (tx) =>
        tx
          .trx("calls")
          .where({ call_sid })
          .where((unknown) => unknown.whereNull("ended_at").orWhereNull("recording_sid"))
          .first("call_sid"),
      );
      if (!open || !rest.enabled) return;
      const call = await rest.find(call_sid);
      const status = call ? OVER[call.status] : "completed";
      if (!status) return db.inBusiness(business_id, (tx) => settleLater(tx, call_sid));
      const left = call && (await rest.recordingOf(call_sid));
      if (left) {
        await storeRecording(db, {
          ...{ CallSid: call_sid, From: call.from, To: call.to },
          ...{ RecordingSid: left.recording_sid, RecordingUrl: left.url },
          RecordingDuration: left.seconds,
        });
      }
      await db.inBusiness(business_id, (tx) =>
        reportEnd(tx, call_sid, status, call?.duration_seconds ?? null, call?.ended_at),
      );
    },

    async "calls.missed"({ since }) {
      if (!rest.enabled) return;
      for (const call of await rest.since(new Date(String(since)))) {
        if (call.inbound && OVER[call.status]) await enter(call);
      }
    },
  };

  /** A call of which nobody here has heard is a missed one, unless it was for nobody here. */
  async function enter({ call_sid, from, to }: KnownCall): Promise<void> {
    const to_number = normalisePhone(to) ?? "";
    const business = await db.inSystem(async (tx) =>
      (await businessOfCall(tx, call_sid)) === null ? findBusinessByPhone(tx, to_number) : null,
    );
    if (business?.status !== "active") return;
    log.warn({ biz: business.id, call_sid }, "[CALL] came while nobody was here");
    await db.inBusiness(business.id, async (tx) => {
      await openCall(tx, { call_sid, from_number: callerNumber(from), to_number });
      await sendToFallback(tx, call_sid, "unreachable", { redirect: false, log });
    });
  }
}

/** Looks for calls that came since the newest one that is known; none are, at the very first start. */
export async function lookForMissedCalls(db: Database): Promise<void> {
  await db.inSystem(async (tx) => {
    const newest = await tx.trx("calls").max<{ at: string | null }>("started_at as at").first();
    if (!newest?.at) return;
    const since = new Date(Date.parse(newest.at) - OVERLAP_MS).toISOString();
    const run_at = new Date(Date.now() + LOOK_BACK_AFTER_MS);
    await tx.enqueue("calls.missed", { since }, { key: "calls.missed", run_at });
  });
}
