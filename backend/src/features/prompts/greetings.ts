import { join } from "node:path";
import type { Env } from "../../platform/env.ts";
import type { Logger } from "../../platform/log.ts";
import { openRecordings, recordingOf, renderingId } from "./recordings.ts";
import type { Recording } from "./recordings.ts";
import type { Synthesizer } from "./synthesizer.ts";
import { wavOfUlaw } from "./wav.ts";

export interface PlayedGreeting extends Recording {
  readonly content_type: "audio/mpeg" | "audio/wav";
}

export interface Greetings {
  /**
   * The greeting of a business for `<Play>`, without making the caller wait: as Google speaks it;
   * else as the model once spoke it; else the product's own.
   * @param recorded the model's recording, µ-law at 8 kHz
   */
  greeting(wanted: {
    business_id: number;
    text: string;
    recorded: Buffer | null;
  }): Promise<PlayedGreeting>;
}

interface Options {
  env: Pick<Env, "DATA_DIR">;
  log: Logger;
  synthesizer: Synthesizer | null;
  otherwise: () => Recording;
}

/** How long a caller may hear nothing while the greeting is rendered for the first time. */
const PATIENCE_MS = 1_200;

export function createGreetings({ env, log, synthesizer, otherwise }: Options): Greetings {
  const rendered = openRecordings(join(env.DATA_DIR, "prompts", "greetings"));
  const rendering = new Map<string, Promise<Recording | null>>();

  /** Goes on when its caller has stopped waiting: the next call will find the recording. */
  function render(name: string, id: string, text: string): Promise<Recording | null> {
    const key = `${name}.${id}`;
    const started =
      rendering.get(key) ??
      synthesizer!
        .synthesize(text, "mp3")
        .then((audio) => rendered.save(name, id, "mp3", audio))
        .catch((error: Error) => {
          log.error({ greeting: name, reason: error.message }, "[TTS] rendering a greeting failed");
          return null;
        })
        .finally(() => rendering.delete(key));
    rendering.set(key, started);
    return started;
  }

  return {
    async greeting({ business_id, text, recorded }) {
      if (synthesizer && text) {
        const [name, id] = [`business_${business_id}`, renderingId(text, synthesizer.voice, "mp3")];
        const found = rendered.find(name, id, "mp3") ?? (await soon(render(name, id, text)));
        if (found) return { ...found, content_type: "audio/mpeg" };
      }
      if (recorded) return { ...recordingOf(wavOfUlaw(recorded)), content_type: "audio/wav" };
      return { ...otherwise(), content_type: "audio/mpeg" };
    },
  };
}

async function soon<T>(wanted: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, null);
  });
  try {
    return await Promise.race([wanted, late]);
  } finally {
    clearTimeout(timer);
  }
}
