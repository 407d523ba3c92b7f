import type { Call } from "@agentlocator/contract";
import type { RealtimeConnection } from "../sim/openai/index.ts";
import type { CallOptions, SimCall } from "../sim/twilio/index.ts";
import { sounds } from "../speech/library.ts";
import { eventually, until } from "./eventually.ts";
import { isOf } from "./product.ts";
import type { Product, TestBusiness } from "./product.ts";

/** The agent's sentence is over when the line was quiet for so long. */
const PAUSE_MS = 500;

/** When the caller fell silent, when the answer was first heard, and when it ended. */
export interface Answered {
  stopped_at: number;
  answered_at: number;
  quiet_at: number;
}

/** A telephone call to a business, seen from the caller, from the model and from the console. */
export interface Caller {
  readonly line: SimCall;
  /** The call's sessions with the model, oldest first. */
  sessions(): RealtimeConnection[];
  /** The newest of them that is open. */
  session(): RealtimeConnection;
  /** Waits until the agent has said something with `words` in it, and was heard to the end. */
  hearsOut(words: string, since?: number): Promise<number>;
  /** Says a phrase, and hears the answer with `words` in it to its end. */
  ask(phrase: string, words: string): Promise<Answered>;
  /** The call as the business's owner sees it, as soon as it fits. */
  stored(fits: (call: Call) => boolean): Promise<Call>;
}

/** Dials the business, with the soft noise of a real line behind the caller. */
export function call(
  product: Pick<Product, "openai" | "twilio">,
  business: TestBusiness,
  options: Omit<CallOptions, "to"> = {},
): Caller {
  const known = new Set(product.openai.connections);
  const line = product.twilio.placeCall({ to: business.phone_number, ...options });
  line.background(sounds.comfort_noise);

  const sessions = () =>
    product.openai.connections.filter(
      (one) => !known.has(one) && isOf(business, one.session.instructions),
    );
  const session = () => {
    const open = sessions().findLast((one) => one.open);
    if (!open) throw new Error(`no session with the model; there were ${sessions().length}`);
    return open;
  };
  const hearsOut = async (words: string, since = performance.now()) => {
    const said = () => sessions().some((one) => spokenBy(one).some((text) => text.includes(words)));
    await until(said, 20_000).catch(() => {
      const all = sessions().map((one) => spokenBy(one));
      throw new Error(`the agent did not say «${words}» but ${JSON.stringify(all)}`);
    });
    return line.hears({ quiet_ms: PAUSE_MS, since, timeout_ms: 20_000 });
  };

  return {
    line,
    sessions,
    session,
    hearsOut,
    async ask(phrase, words) {
      const { ended_at } = await line.say(phrase);
      const answered_at = await line.hears({ since: ended_at });
      const quiet_at = await hearsOut(words, ended_at);
      return { stopped_at: ended_at, answered_at, quiet_at };
    },
    stored: (fits) =>
      eventually(() => business.owner.get<Call>(`/api/calls/${line.sid}`), fits, 20_000),
  };
}

/** What the agent said in a session so far, or was said to have said. */
export function spokenBy(session: RealtimeConnection): string[] {
  return session.conversation
    .understood()
    .flatMap((item) => (item.type === "message" && item.role === "assistant" ? item.text : []));
}

/** What the model was told as a system message. */
export function toldTo(session: RealtimeConnection): string[] {
  return session.conversation
    .understood()
    .flatMap((item) => (item.type === "message" && item.role === "system" ? item.text : []));
}

/** The longest time in `[from, to)` in which the caller heard nothing, prompts included; ms. */
export function longestSilence(line: SimCall, from: number, to: number): number {
  const prompts = line.events
    .filter(({ type }) => type === "play")
    .map(({ at, ms }) => [at, at + Number(ms)] as const);
  const frames = line.audible(from, to).map((at) => [at, at + 20] as const);
  const sounds = [...prompts, ...frames].toSorted(([a], [b]) => a - b);
  let longest = 0;
  let quiet_since = from;
  for (const [start, end] of sounds) {
    if (start > quiet_since) longest = Math.max(longest, Math.min(start, to) - quiet_since);
    quiet_since = Math.max(quiet_since, end);
  }
  return Math.max(longest, to - quiet_since);
}

/** What the tools answered in a session, in order. */
export function toolOutputs(session: RealtimeConnection): Record<string, unknown>[] {
  return session.conversation
    .understood()
    .flatMap((item) =>
      item.type === "function_call_output"
        ? { name: item.name, ...(JSON.parse(item.output) as Record<string, unknown>) }
        : [],
    );
}
