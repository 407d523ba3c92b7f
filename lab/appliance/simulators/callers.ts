import { setTimeout as sleep } from "node:timers/promises";
import type { TwilioSim } from "../../sim/twilio/index.ts";
import { sounds } from "../../speech/library.ts";
import type { CallRequest } from "./control.ts";
import { Ear } from "./ear.ts";
import type { CallReport } from "./report.ts";

const POLITE_MS = 700;
const PATIENCE_MS = 20_000;
const BETWEEN_MS = 1_500;
const LAST_WORDS_MS = 12_000;
const BOOKING = ["hello_book", "ask_tomorrow", "confirm"];
const QUESTION = ["opening_hours"];

/** People who call: they ask, listen, say goodbye, and leave a message when they are asked to. */
export class Callers {
  readonly #twilio: TwilioSim;
  readonly #ears: Ear[] = [];
  #lanes: Promise<void>[] = [];
  #ending = new AbortController();
  #count = 0;

  constructor(twilio: TwilioSim) {
    this.#twilio = twilio;
  }

  /** One call; its sid. */
  place({ to, from, books }: CallRequest): string {
    const { ear } = this.#call(to, from, books);
    return ear.call.sid;
  }

  /** So many calls at once, one after another, until `end`. */
  begin(to: string, lanes: number): void {
    this.#ending = new AbortController();
    const { signal } = this.#ending;
    this.#lanes = Array.from({ length: lanes }, async (_, lane) => {
      await sleep(lane * BETWEEN_MS);
      for (let n = lane; !signal.aborted; n++) {
        const books = n % 3 !== 2;
        await this.#call(to, undefined, books).over;
        await sleep(BETWEEN_MS, undefined, { signal }).catch(() => undefined);
      }
    });
  }

  /** No new calls; resolves when the last one is over. */
  async end(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#lanes);
  }

  reports(): CallReport[] {
    return this.#ears.map((ear) => ear.report());
  }

  #call(to: string, from: string | undefined, books: boolean): { ear: Ear; over: Promise<void> } {
    this.#count += 1;
    const number = from ?? `+97250${String(1_000_000 + this.#count)}`;
    const call = this.#twilio.placeCall({ to, from: number });
    const ear = new Ear(call);
    this.#ears.push(ear);
    return { ear, over: talk(ear, books ? BOOKING : QUESTION) };
  }
}

/** A whole call, whatever comes. */
async function talk(ear: Ear, phrases: readonly string[]): Promise<void> {
  const { call } = ear;
  call.background(sounds.comfort_noise);
  const recorder = call.waitFor("record_started", { timeout_ms: 600_000 });
  const message = recorder.then(() => leaveMessage(ear));
  // Nobody asks for a message in most calls.
  message.catch(() => undefined);
  try {
    await Promise.race([converse(ear, phrases), message, call.ended]);
  } catch {
    // Nothing was heard for as long as people wait: what the ear noticed says so.
  }
  call.hangUp();
  await call.ended;
}

async function converse(ear: Ear, phrases: readonly string[]): Promise<void> {
  const { call } = ear;
  const listen = () => call.hears({ quiet_ms: POLITE_MS, timeout_ms: PATIENCE_MS });
  await listen();
  let streams = call.streams.length;
  for (let at = 0; at < phrases.length; at++) {
    await ear.says(phrases[at]!);
    await listen();
    // Somebody else answers: from the beginning.
    if (call.streams.length > streams) at = -1;
    streams = call.streams.length;
  }
  ear.finished = true;
  await ear.says("goodbye");
  await Promise.race([call.ended, call.silence(LAST_WORDS_MS)]);
}

async function leaveMessage(ear: Ear): Promise<void> {
  await ear.call.silence(400);
  await ear.says("leave_message");
  await Promise.race([ear.call.ended, ear.call.silence(LAST_WORDS_MS)]);
}
