import { join, resolve, sep } from "node:path";
import { writeFileAtomic } from "../../../platform/atomic-file.ts";

const EXTENSION: Record<string, string> = {
  "audio/wav": "wav",
  "audio/x-wav": "wav",
  "audio/wave": "wav",
  "audio/mpeg": "mp3",
};

/** What Twilio names in many ways, in one; null for what is no recording. */
export function recordingType(content_type: string): "audio/wav" | "audio/mpeg" | null {
  const extension = EXTENSION[content_type];
  return extension === "wav" ? "audio/wav" : extension === "mp3" ? "audio/mpeg" : null;
}

export interface MediaStore {
  /**
   * Keeps a recording; the same recording again takes its own place.
   * @returns its path below the data directory, to be stored
   */
  save(business_id: number, recording_sid: string, type: string, audio: Buffer): Promise<string>;
  /** Where a stored path is. @throws for a path that leads out of the media folder */
  pathOf(stored: string): string;
}

/** Recordings as files under `DATA_DIR/media/<business_id>/recordings`. */
export function openMediaStore(data_dir: string): MediaStore {
  const root = resolve(data_dir, "media");
  return {
    async save(business_id, recording_sid, type, audio) {
      const name = `${recording_sid}.${EXTENSION[type]}`;
      const stored = join("media", String(business_id), "recordings", name);
      await writeFileAtomic(resolve(data_dir, stored), audio);
      return stored;
    },
    pathOf(stored) {
      const path = resolve(data_dir, stored);
      if (!path.startsWith(root + sep)) throw new Error(`${stored} is not in the media folder`);
      return path;
    },
  };
}
