import { readFile } from "node:fs/promises";
import type { Database } from "../../../db/database.ts";
import type { JobHandlers } from "../../../db/jobs.ts";
import { GuardedFetchError } from "../../../platform/guarded-fetch.ts";
import type { Logger } from "../../../platform/log.ts";
import type { MediaStore } from "./media-store.ts";
import { noticesIn } from "../notices.ts";
import type { FetchedRecording, FetchRecording } from "./source.ts";
import { findRecording, saveRecording } from "./store.ts";
import type { CallRecording } from "./store.ts";
import { TranscriptionRefused } from "../../../platform/transcriber.ts";
import type { Transcribe } from "../../../platform/transcriber.ts";

interface Deps {
  db: Database;
  log: Logger;
  media: MediaStore;
  fetchRecording: FetchRecording;
  transcribe: Transcribe | null;
}

/** With the queue's growing pauses, some three and a half hours. */
const ATTEMPTS = 10;

/**
 * `call.recording`: brings the message that a caller left to its business. Each step is kept before
 * the next begins, and each may be done again, so the job goes on where it was killed. A step that
 * fails is tried again by the queue; in the end the business is told what is missing.
 */
export function createRecordingJobs({
  db,
  log,
  media,
  fetchRecording,
  transcribe,
}: Deps): JobHandlers {
  async function fetchAndStore(
    business_id: number,
    call: CallRecording,
  ): Promise<FetchedRecording> {
    const fetched = await fetchRecording(call.recording_source_url);
    const { audio, content_type } = fetched;
    const path = await media.save(business_id, call.recording_sid, content_type, audio);
    const seconds = call.recording_duration_seconds;
    const line = noticesIn(call.language).recorded(seconds);
    await db.inBusiness(business_id, (tx) =>
      saveRecording(tx, call, { recording_path: path, recording_content_type: content_type }, line),
    );
    log.info({ biz: business_id, call_sid: call.call_sid, seconds }, "[CALL] recording stored");
    return fetched;
  }

  /** The stored recording, or null when it was not stored yet or its file is gone. */
  async function stored(call: CallRecording): Promise<FetchedRecording | null> {
    const { recording_path: path, recording_content_type: content_type } = call;
    if (!path || !content_type) return null;
    try {
      return { audio: await readFile(media.pathOf(path)), content_type };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }

  async function giveUp(business_id: number, call: CallRecording, error: unknown, line: string) {
    const { call_sid } = call;
    log.error({ err: error, biz: business_id, call_sid }, "[CALL] recording given up");
    await db.inBusiness(business_id, (tx) => saveRecording(tx, call, {}, line));
  }

  return {
    async "call.recording"({ business_id, call_sid }, { job }) {
      const call = await db.inBusiness(business_id, (tx) => findRecording(tx, String(call_sid)));
      if (!call) return;
      const last = job.attempts >= ATTEMPTS;

      let recording: FetchedRecording;
      try {
        recording = (await stored(call)) ?? (await fetchAndStore(business_id, call));
      } catch (error) {
        if (!last && !isFinal(error)) throw error;
        const line = noticesIn(call.language).not_fetched;
        return giveUp(business_id, call, error, line);
      }

      if (!transcribe || call.recording_transcript !== null) return;
      try {
        const { audio, content_type } = recording;
        const notices = noticesIn(call.language);
        const text = await transcribe(audio, content_type, call.language);
        const line = text ? notices.transcript(text) : notices.no_words;
        await db.inBusiness(business_id, (tx) =>
          saveRecording(tx, call, { recording_transcript: text }, line),
        );
      } catch (error) {
        if (!last && !isFinal(error)) throw error;
        await giveUp(business_id, call, error, noticesIn(call.language).not_transcribed);
      }
    },
  };
}

/** What another attempt would not change. */
function isFinal(error: unknown): boolean {
  if (error instanceof TranscriptionRefused) return true;
  return error instanceof GuardedFetchError && ["refused", "too_large"].includes(error.reason);
}
