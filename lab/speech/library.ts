import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const index = z.array(
  z.strictObject({
    id: z.string(),
    role: z.enum(["caller", "agent", "background"]),
    text: z.string(),
    say: z.string(),
  }),
);

/** One recorded sentence: `audio` is 8 kHz µ-law without a header (8 bytes a millisecond). */
export interface Phrase {
  id: string;
  role: "caller" | "agent" | "background";
  text: string;
  audio: Buffer;
}

/** Reads a file of lab/speech/audio. */
export function recording(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, "audio", name));
}

/** Every recorded sentence, by id. */
export const phrases: ReadonlyMap<string, Phrase> = new Map(
  index
    .parse(JSON.parse(readFileSync(join(import.meta.dirname, "phrases.json"), "utf8")))
    .map(({ id, role, text }) => [id, { id, role, text, audio: recording(`${id}.ulaw`) }]),
);

/** One recorded sentence. Throws when there is none of that id. */
export function phrase(id: string): Phrase {
  const found = phrases.get(id);
  if (!found) throw new Error(`no phrase ${id}; there are: ${[...phrases.keys()].join(", ")}`);
  return found;
}

/** Sounds that are not speech. 8 kHz µ-law. */
export const sounds = {
  cough: recording("cough.ulaw"),
  comfort_noise: recording("comfort_noise.ulaw"),
};
