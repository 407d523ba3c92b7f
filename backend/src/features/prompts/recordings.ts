import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../../platform/atomic-file.ts";
import type { AudioFormat } from "./synthesizer.ts";

export interface Recording {
  readonly audio: Buffer;
  /** Quoted, as in the header. */
  readonly etag: string;
}

export const recordingOf = (audio: Buffer): Recording => ({
  audio,
  etag: `"${createHash("sha256").update(audio).digest("hex").slice(0, 16)}"`,
});

/** Changes with everything that makes a rendering sound different. */
export function renderingId(text: string, voice: string, format: AudioFormat): string {
  return createHash("sha256")
    .update(JSON.stringify([text, voice, format]))
    .digest("hex")
    .slice(0, 16);
}

/** Rendered recordings as files `<name>.<rendering>.<format>`; the newest of a name wins. */
export function openRecordings(dir: string) {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const filesOf = (name: string, format: AudioFormat) =>
    readdirSync(dir).filter((file) => file.startsWith(`${name}.`) && file.endsWith(`.${format}`));
  const fileOf = (name: string, id: string, format: AudioFormat) => `${name}.${id}.${format}`;

  return {
    /** This very rendering, or null. */
    find(name: string, id: string, format: AudioFormat): Recording | null {
      const file = fileOf(name, id, format);
      if (!filesOf(name, format).includes(file)) return null;
      return recordingOf(readFileSync(join(dir, file)));
    },

    /** A rendering of this name from other times: another text or another voice. */
    findOther(name: string, format: AudioFormat): Recording | null {
      const [file] = filesOf(name, format);
      return file ? recordingOf(readFileSync(join(dir, file))) : null;
    },

    /** Puts it in the place of the name's other renderings, which go when it is on the disk. */
    async save(name: string, id: string, format: AudioFormat, audio: Buffer): Promise<Recording> {
      const file = fileOf(name, id, format);
      await writeFileAtomic(join(dir, file), audio);
      const others = filesOf(name, format).filter((other) => other !== file);
      await Promise.all(others.map((other) => unlink(join(dir, other))));
      return recordingOf(audio);
    },
  };
}
