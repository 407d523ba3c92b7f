import type { Call, CallSummary, Turn } from "@agentlocator/contract";
import type { BusinessTx } from "../../db/database.ts";
import { pageById } from "../../http/page.ts";
import type { Page, PageAsked } from "../../http/page-by-time.ts";

const SUMMARY = [
  "c.call_sid",
  "c.direction",
  "c.from_number",
  "c.to_number",
  "c.status",
  "c.end_reason",
  "c.started_at",
  "c.ended_at",
  "c.duration_seconds",
  "c.thread_id",
  "c.contact_id",
  "p.name as contact_name",
  "c.appointment_id",
  "c.ledger",
];

const calls = (tx: BusinessTx) =>
  tx.trx("calls as c").leftJoin("contacts as p", "p.id", "c.contact_id");

export interface CallFilter extends PageAsked {
  status?: string | undefined;
  contact_id?: number | undefined;
  thread_id?: number | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

/** A page of calls, newest first. */
export async function listCalls(tx: BusinessTx, filter: CallFilter): Promise<Page<CallSummary>> {
  const query = calls(tx).select(SUMMARY).select("c.id");
  if (filter.status) void query.where("c.status", filter.status);
  if (filter.contact_id) void query.where("c.contact_id", filter.contact_id);
  if (filter.thread_id) void query.where("c.thread_id", filter.thread_id);
  if (filter.from) void query.where("c.started_at", ">=", filter.from);
  if (filter.to) void query.where("c.started_at", "<", filter.to);
  return pageById<CallSummary & { id: number }>(query, filter, "c.id");
}

interface RecordingColumns {
  recording_path: string | null;
  recording_duration_seconds: number | null;
  recording_transcript: string | null;
}

/** One call with its turns and recording; null when this business has no such call. */
export async function findCall(tx: BusinessTx, call_sid: string): Promise<Call | null> {
  const row = (await calls(tx)
    .select(SUMMARY)
    .select("c.recording_path", "c.recording_duration_seconds", "c.recording_transcript")
    .where("c.call_sid", call_sid)
    .first()) as (CallSummary & RecordingColumns) | undefined;
  if (!row) return null;
  const turns = (await tx
    .trx("call_turns")
    .where({ call_sid })
    .orderBy("seq")
    .select("seq", "role", "text", "heard_text", "interrupted", "started_at")) as Turn[];
  const recording = row.recording_path
    ? {
        url: `/api/calls/${call_sid}/recording`,
        duration_seconds: row.recording_duration_seconds,
        transcript: row.recording_transcript,
      }
    : null;
  return { ...row, turns, recording };
}
