import type { BusinessTx } from "../../../db/database.ts";
import { loadSettings } from "../../settings/index.ts";
import { createTask } from "../../tasks/index.ts";
import { fallbackTaskKey } from "../fallback.ts";
import { noticesIn } from "../notices.ts";

export interface CallRecording {
  call_sid: string;
  from_number: string;
  contact_id: number | null;
  thread_id: number | null;
  recording_sid: string;
  recording_source_url: string;
  recording_path: string | null;
  recording_content_type: "audio/wav" | "audio/mpeg" | null;
  recording_duration_seconds: number | null;
  recording_transcript: string | null;
  /** ISO 639-1, of the business. */
  language: string;
}

/** What is known of a call's recording; null when it has none. */
export async function findRecording(
  tx: BusinessTx,
  call_sid: string,
): Promise<CallRecording | null> {
  const row = await tx
    .trx("calls")
    .where({ call_sid })
    .whereNotNull("recording_sid")
    .first(
      ...["call_sid", "from_number", "contact_id", "thread_id"],
      ...["recording_sid", "recording_source_url", "recording_path", "recording_content_type"],
      ...["recording_duration_seconds", "recording_transcript"],
    );
  if (!row) return null;
  const { language } = await loadSettings(tx);
  return { ...row, language: language.split("-")[0]! };
}

type RecordingColumns = Partial<
  Pick<CallRecording, "recording_path" | "recording_content_type" | "recording_transcript">
>;

/** Writes what became known of the recording, and tells the business with a line on its task. */
export async function saveRecording(
  tx: BusinessTx,
  call: CallRecording,
  columns: RecordingColumns,
  line: string,
): Promise<void> {
  const { call_sid } = call;
  if (Object.keys(columns).length > 0) await tx.trx("calls").where({ call_sid }).update(columns);
  tx.emit("call", { call_sid });
  await addToTask(tx, call, line);
}

/** One task for a call, however often this runs and whoever made it: the line is added once. */
async function addToTask(tx: BusinessTx, call: CallRecording, line: string): Promise<void> {
  const { call_sid, contact_id, thread_id } = call;
  const dedupe_key = fallbackTaskKey(call_sid);
  const notices = noticesIn(call.language);
  const title = notices.voice_message(call.from_number || notices.withheld);
  const made = await createTask(tx, {
    title,
    body: line,
    call_sid,
    contact_id,
    thread_id,
    dedupe_key,
  });
  if (made) return;
  const changed = await tx
    .trx("tasks")
    .where({ dedupe_key })
    .whereRaw("position(? in body) = 0", [line])
    .update({ body: tx.trx.raw("concat_ws(E'\\n', nullif(body, ''), ?::text)", [line]) })
    .returning("id");
  for (const { id } of changed) tx.emit("task", { id });
}
