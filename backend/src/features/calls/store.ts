import { EMPTY_LEDGER } from "@agentlocator/contract";
import type { CallStatus, Ledger, Turn } from "@agentlocator/contract";
import type { BusinessTx, SystemTx } from "../../db/database.ts";
import { normalisePhone } from "../../platform/phone.ts";
import { findOrCreateContact } from "../contacts/index.ts";
import { findOrCreateCallThread } from "../conversations/index.ts";

/** A call as the telephone network announces it. Numbers are E.164, or '' when withheld. */
export interface NewCall {
  call_sid: string;
  from_number: string;
  to_number: string;
}

/** The conversation that a call belongs to. */
export interface Conversation {
  thread_id: number;
  contact_id: number | null;
}

/** Writes a new call with its contact and thread; of a call that is known, it returns those. */
export async function openCall(tx: BusinessTx, call: NewCall): Promise<Conversation> {
  if (await tx.trx("calls").where({ call_sid: call.call_sid }).first("call_sid")) {
    return conversationOf(tx, call.call_sid);
  }
  const contact = call.from_number
    ? await findOrCreateContact(tx, { phone: call.from_number })
    : null;
  const contact_id = contact?.id ?? null;
  const thread_id = await findOrCreateCallThread(tx, { peer_number: call.from_number, contact_id });
  await tx
    .trx("calls")
    .insert({
      ...call,
      business_id: tx.business_id,
      thread_id,
      contact_id,
      ledger: JSON.stringify(EMPTY_LEDGER),
    })
    .onConflict("call_sid")
    .ignore();
  tx.emit("call", { call_sid: call.call_sid, thread_id });
  return { thread_id, contact_id };
}

/** The conversation of a call that is stored. */
export async function conversationOf(tx: BusinessTx, call_sid: string): Promise<Conversation> {
  const call = await tx.trx("calls").where({ call_sid }).first("thread_id", "contact_id");
  if (!call) throw new Error("this business has no such call");
  return call;
}

/**
 * Takes the stream token of a call, once: the second stream that shows it gets false, whichever
 * process it reaches.
 * @param lease the advisory lock of the process that will carry the stream
 */
export async function takeToken(
  tx: BusinessTx,
  call_sid: string,
  stream_sid: string,
  lease: number,
): Promise<boolean> {
  const taken = await tx
    .trx("calls")
    .where({ call_sid })
    // The same stream of this process asks again when the answer of the first time was lost.
    .where((free) => free.whereNull("token_used_at").orWhere({ stream_sid, host_lease: lease }))
    // The watchdog was faster: the call is on its way to the record fallback.
    .whereNull("redirected_at")
    .update({
      token_used_at: tx.trx.fn.now(),
      stream_started_at: tx.trx.fn.now(),
      stream_sid,
      host_lease: lease,
      // While the database was away the call may have ended, and that be written first.
      status: tx.trx.raw("case when ended_at is null then 'active' else status end"),
    });
  if (taken) tx.emit("call", { call_sid });
  return taken === 1;
}

/** What happened in one call. */
export interface CallRecord {
  call_sid: string;
  turns: Turn[];
  ledger?: Ledger | undefined;
}

/** Writes what happened in several calls of the business, in a statement for each table. */
export async function saveRecords(tx: BusinessTx, records: CallRecord[]): Promise<void> {
  const { business_id } = tx;
  await insertTurns(
    tx,
    records.flatMap(({ call_sid, turns }) => {
      return turns.map((turn) => ({ ...storable(turn), call_sid, business_id }));
    }),
  );
  const ledgers = records.filter(({ ledger }) => ledger !== undefined);
  if (ledgers.length > 0) {
    await tx.trx.raw(
      `update calls set ledger = changed.ledger
       from jsonb_to_recordset(?::jsonb) as changed (call_sid text, ledger jsonb)
       where calls.call_sid = changed.call_sid`,
      [JSON.stringify(ledgers.map(({ call_sid, ledger }) => ({ call_sid, ledger })))],
    );
  }
  for (const { call_sid } of records) tx.emit("call", { call_sid });
}

/** Inserts turns or puts a fuller version in their place. */
export async function saveTurns(tx: BusinessTx, call_sid: string, turns: Turn[]): Promise<void> {
  const { business_id } = tx;
  await insertTurns(
    tx,
    turns.map((turn) => ({ ...storable(turn), call_sid, business_id })),
  );
}

async function insertTurns(tx: BusinessTx, rows: object[]): Promise<void> {
  if (rows.length === 0) return;
  await tx
    .trx("call_turns")
    .insert(rows)
    .onConflict(["business_id", "call_sid", "seq"])
    .merge(["text", "heard_text", "interrupted", "started_at"]);
}

/** Without the character that PostgreSQL's text can't keep. */
function storable(turn: Turn): Turn {
  const text = turn.text.replaceAll("\0", "");
  return { ...turn, text, heard_text: turn.heard_text?.replaceAll("\0", "") ?? null };
}

/** What is set on a call while it runs and when it ends. */
export interface CallUpdate {
  ledger?: Ledger;
  status?: CallStatus;
  end_reason?: string;
  ended_at?: string;
  duration_seconds?: number;
}

export async function updateCall(
  tx: BusinessTx,
  call_sid: string,
  { ledger, ...fields }: CallUpdate,
): Promise<void> {
  const values: Record<string, unknown> = { ...fields };
  if (ledger) values.ledger = JSON.stringify(ledger);
  if (Object.keys(values).length === 0) return;
  // A call that was sent to the record fallback ends there, whatever its stream says later.
  for (const name of ["status", "end_reason"] as const) {
    if (!fields[name]) continue;
    const kept = "case when redirected_at is null then ? else ?? end";
    values[name] = tx.trx.raw(kept, [fields[name], name]);
  }
  await tx.trx("calls").where({ call_sid }).update(values);
  tx.emit("call", { call_sid });
}

/** Notes that the network says the call is over; what is known better already stays. */
export async function reportEnd(
  tx: BusinessTx,
  call_sid: string,
  status: CallStatus,
  duration_seconds: number | null,
  ended_at: Date | null = null,
): Promise<void> {
  await tx
    .trx("calls")
    .where({ call_sid })
    .update({
      status: tx.trx.raw("case when status in ('ringing', 'active') then ? else status end", [
        status,
      ]),
      end_reason: tx.trx.raw("coalesce(end_reason, 'caller_hung_up')"),
      ended_at: tx.trx.raw("coalesce(ended_at, ?::timestamptz, now())", [
        ended_at?.toISOString() ?? null,
      ] as never),
      ...(duration_seconds !== null && { duration_seconds }),
    });
  tx.emit("call", { call_sid });
}

/** Which business a call is, for a webhook that names only the call. */
export async function businessOfCall(tx: SystemTx, call_sid: string): Promise<number | null> {
  const row = await tx.trx("calls").where({ call_sid }).first("business_id");
  return (row?.business_id as number | undefined) ?? null;
}

/**
 * Marks that the call goes to the record fallback. Only the first to ask gets true, so a call is
 * sent there once whoever notices its trouble.
 */
export async function claimFallback(
  tx: BusinessTx,
  call_sid: string,
  reason: string,
): Promise<boolean> {
  const claimed = await tx
    .trx("calls")
    .where({ call_sid })
    .whereNull("redirected_at")
    .update({
      redirected_at: tx.trx.fn.now(),
      status: "fallback",
      end_reason: "fallback",
      ledger: tx.trx.raw(
        "ledger || jsonb_build_object('fallback_reason', coalesce(ledger->>'fallback_reason', ?))",
        [reason],
      ),
    });
  if (claimed) tx.emit("call", { call_sid });
  return claimed === 1;
}

/** E.164, or '' for a withheld number, which networks also write as digits that spell ANONYMOUS. */
export function callerNumber(from: string): string {
  return from === "+266696687" ? "" : (normalisePhone(from) ?? "");
}
