import type { Database } from "../../db/database.ts";
import type { TwilioParams } from "../../http/twilio-signature.ts";
import { normalisePhone } from "../../platform/phone.ts";
import { findBusinessByPhone } from "../businesses/index.ts";
import { businessOfCall, callerNumber, openCall, reportEnd } from "./store.ts";
import type { CallStatus } from "@agentlocator/contract";

/** It becomes the name of a file. */
const RECORDING_SID = /^RE[0-9a-f]{32}$/i;

/** What Twilio's words for the end of a call mean for its status. */
export const OVER: Record<string, CallStatus> = {
  completed: "completed",
  canceled: "completed",
  busy: "failed",
  failed: "failed",
  "no-answer": "failed",
};

/** Stores what the webhook reports of a call; may be done again. */
export async function storeRecording(db: Database, params: TwilioParams): Promise<void> {
  const call_sid = params.CallSid ?? "";
  if (!params.RecordingUrl || !RECORDING_SID.test(params.RecordingSid ?? "")) return;
  const to_number = normalisePhone(params.To ?? "") ?? "";
  const business_id = await db.inSystem(
    async (tx) =>
      (await businessOfCall(tx, call_sid)) ?? (await findBusinessByPhone(tx, to_number))?.id,
  );
  if (business_id === undefined) return;
  await db.inBusiness(business_id, async (tx) => {
    // A call that came while the database was away may be known by its message alone.
    await openCall(tx, { call_sid, from_number: callerNumber(params.From ?? ""), to_number });
    const known = await tx
      .trx("calls")
      .where({ call_sid })
      .whereNull("recording_sid")
      .update({
        recording_sid: params.RecordingSid,
        recording_source_url: params.RecordingUrl,
        recording_duration_seconds: Number(params.RecordingDuration) || null,
      });
    if (!known) return;
    tx.emit("call", { call_sid });
    await tx.enqueue("call.recording", { call_sid }, { key: `recording:${call_sid}` });
  });
}

/** Stores what the webhook reports of a call; may be done again. */
export async function storeStatus(db: Database, params: TwilioParams): Promise<void> {
  const call_sid = params.CallSid ?? "";
  const status = OVER[params.CallStatus ?? ""];
  if (!status) return;
  const business_id = await db.inSystem((tx) => businessOfCall(tx, call_sid));
  if (business_id === null) return;
  const seconds = Number(params.CallDuration ?? NaN);
  const duration = Number.isSafeInteger(seconds) ? seconds : null;
  await db.inBusiness(business_id, (tx) => reportEnd(tx, call_sid, status, duration));
}
