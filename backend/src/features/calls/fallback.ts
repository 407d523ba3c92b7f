import type { BusinessTx } from "../../db/database.ts";
import type { Logger } from "../../platform/log.ts";
import { loadSettings } from "../settings/index.ts";
import { notify } from "../notifications/index.ts";
import { createTask } from "../tasks/index.ts";
import { noticesIn } from "./notices.ts";
import { settleLater } from "./settle-later.ts";
import { claimFallback } from "./store.ts";

/** The task of a call that the agent could not serve; a recording is added to the same task. */
export const fallbackTaskKey = (call_sid: string) => `call_fallback:${call_sid}`;

/** Troubles that Twilio is told of by REST: its stream may be no way to reach it any more. */
const BY_REST: ReadonlySet<string> = new Set([
  "stream_never_started",
  "process_died",
  "media_inactive",
]);
export const toldByRest = (reason: string): boolean => BY_REST.has(reason);

/**
 * Sends a call to the record fallback, once: marks it, leaves a task for the business, rings the
 * bell. True for the one who did it.
 * @param redirect whether Twilio must be told by REST; not when it is about to ask for TwiML itself
 */
export async function sendToFallback(
  tx: BusinessTx,
  call_sid: string,
  reason: string,
  { redirect, log }: { redirect: boolean; log: Logger },
): Promise<boolean> {
  if (!(await claimFallback(tx, call_sid, reason))) return false;
  const call = await tx
    .trx("calls")
    .where({ call_sid })
    .first("from_number", "contact_id", "thread_id");
  const { language } = await loadSettings(tx);
  const notices = noticesIn(language);
  const caller = call?.from_number || notices.withheld;
  await createTask(tx, {
    title: notices.call_back(caller),
    body: notices.call_back_why,
    contact_id: call?.contact_id ?? null,
    thread_id: call?.thread_id ?? null,
    call_sid,
    dedupe_key: fallbackTaskKey(call_sid),
  });
  const news = {
    kind: "call_fallback",
    title: notices.bell,
    body: notices.bell_body(caller),
    link: `/app/calls/${call_sid}`,
    dedupe_key: fallbackTaskKey(call_sid),
    alert: true,
  };
  await notify(tx, news, log);
  await settleLater(tx, call_sid);
  if (redirect) {
    await tx.enqueue(
      "call.redirect",
      { call_sid },
      { key: `redirect:${call_sid}`, max_attempts: 6 },
    );
  }
  return true;
}
