import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Context, Next } from "koa";
import { sendMedia } from "../../http/send-media.ts";
import type { Env } from "../../platform/env.ts";
import type { Logger } from "../../platform/log.ts";
import { createGreetings } from "./greetings.ts";
import type { Greetings } from "./greetings.ts";
import { openRecordings, recordingOf, renderingId } from "./recordings.ts";
import type { Recording } from "./recordings.ts";
import { createSynthesizer } from "./synthesizer.ts";
import type { GoogleSettings, Synthesizer } from "./synthesizer.ts";
import { PROMPTS } from "./texts.ts";
import type { Mp3Name, PromptName, UlawName } from "./texts.ts";

export interface Prompts {
  /** A sentence for Twilio's `<Play>`. */
  mp3(name: Mp3Name): Recording;
  /** A sentence for inside of a call: bare µ-law at 8 kHz. */
  ulaw(name: UlawName): Buffer;
  /** What is played while an answer is late, the shortest wait first. */
  fillers(): readonly Buffer[];
  /** A business's own greeting for `greeting_mode: "play"`. */
  greeting: Greetings["greeting"];
  /** Serves `GET|HEAD /static/tts/<name>.mp3`; everything else goes on to the next. */
  middleware(ctx: Context, next: Next): Promise<void>;
  /** Renders what is missing; one run at a time. False when something could not be rendered. */
  refresh(): Promise<boolean>;
  /** `disabled` without Google credentials, `down` when the last rendering failed. */
  status(): "ok" | "disabled" | "down";
}

interface Options {
  env: Pick<Env, "DATA_DIR"> & GoogleSettings;
  log: Logger;
  synthesizer?: Synthesizer | null;
  /** Between attempts to render, first and longest; doubled each time. */
  retry_ms?: { first: number; longest: number };
}

const ASSETS = join(import.meta.dirname, "assets");
const NAMES = Object.keys(PROMPTS) as PromptName[];

/**
 * The product's fixed sentences. They are there from the first moment, as recordings that come
 * with the product; with Google credentials they are rendered anew in the background, and again
 * when text or voice change. Until that has worked, what was there before is spoken.
 */
export function createPrompts({
  env,
  log,
  synthesizer = createSynthesizer(env),
  retry_ms = { first: 60_000, longest: 3_600_000 },
}: Options): Prompts {
  const rendered = openRecordings(join(env.DATA_DIR, "prompts"));
  const current = new Map<PromptName, Recording>();
  const missing = new Set<PromptName>();
  let failed = false;
  let running: Promise<boolean> | undefined;

  const idOf = (name: PromptName) =>
    renderingId(PROMPTS[name].text, synthesizer?.voice ?? "", PROMPTS[name].format);

  for (const name of NAMES) {
    const { format } = PROMPTS[name];
    const wanted = synthesizer && rendered.find(name, idOf(name), format);
    if (synthesizer && !wanted) missing.add(name);
    const asset = () => recordingOf(readFileSync(join(ASSETS, `${name}.${format}`)));
    current.set(name, wanted ?? rendered.findOther(name, format) ?? asset());
  }

  async function render(name: PromptName, { synthesize }: Synthesizer): Promise<void> {
    const { text, format } = PROMPTS[name];
    try {
      const audio = await synthesize(text, format);
      current.set(name, await rendered.save(name, idOf(name), format, audio));
      missing.delete(name);
    } catch (error) {
      const { message } = error as Error;
      log.error({ prompt: name, reason: message }, "[TTS] rendering failed, the old one stays");
    }
  }

  async function renderMissing(): Promise<boolean> {
    if (synthesizer) for (const name of [...missing]) await render(name, synthesizer);
    failed = missing.size > 0;
    return !failed;
  }

  function refresh(): Promise<boolean> {
    running ??= renderMissing().finally(() => {
      running = undefined;
    });
    return running;
  }

  async function keepTrying(delay: number): Promise<void> {
    if (await refresh()) return;
    const again = Math.min(delay * 2, retry_ms.longest);
    setTimeout(() => void keepTrying(again), delay).unref();
  }
  void keepTrying(retry_ms.first);

  const { greeting } = createGreetings({
    env,
    log,
    synthesizer,
    otherwise: () => current.get("greeting_he")!,
  });

  return {
    mp3: (name) => current.get(name)!,
    ulaw: (name) => current.get(name)!.audio,
    fillers: () => [current.get("one_moment")!.audio, current.get("with_you_shortly")!.audio],
    greeting,
    async middleware(ctx, next) {
      const [, name] = /^\/static\/tts\/(greeting_he|fallback_he)\.mp3$/.exec(ctx.path) ?? [];
      if (!name || !["GET", "HEAD"].includes(ctx.method)) return next();
      const { audio, etag } = current.get(name as Mp3Name)!;
      // Twilio keeps what it has played; it must ask whether there is a newer one.
      await sendMedia(ctx, {
        source: audio,
        content_type: "audio/mpeg",
        etag,
        cache_control: "public, max-age=60, must-revalidate",
      });
    },
    refresh,
    status: () => (!synthesizer ? "disabled" : failed ? "down" : "ok"),
  };
}
