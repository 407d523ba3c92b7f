import { keepTrying } from "../../platform/keep-trying.ts";
import type { Logger } from "../../platform/log.ts";

/**
 * A request waits this long for others to be written with it: what happens in a call comes in
 * bunches, and a transaction for each would cost more than carrying the audio does.
 */
const LINGER_MS = 250;

/**
 * Runs one write at a time, and again until it succeeds, so that a database that is away for a
 * while costs a call nothing. While a write waits, further requests join the next one: `write` must
 * take everything that is pending when it runs.
 */
export class WriteBehind {
  readonly #write: () => Promise<void>;
  readonly #log: Logger;
  #wanted = false;
  #urgent = false;
  #hurry: () => void = () => undefined;
  #running: Promise<void> | null = null;

  constructor(log: Logger, write: () => Promise<void>) {
    this.#log = log;
    this.#write = write;
  }

  /** Asks for a write; the promise resolves when everything asked for until now is stored. */
  request(): Promise<void> {
    this.#wanted = true;
    this.#running ??= this.#run();
    return this.#running;
  }

  /** The same without waiting for others. */
  requestNow(): Promise<void> {
    this.#urgent = true;
    this.#hurry();
    return this.request();
  }

  async #run(): Promise<void> {
    while (this.#wanted) {
      if (!this.#urgent) await this.#linger();
      this.#wanted = this.#urgent = false;
      await keepTrying(this.#log, "a call's record", this.#write);
    }
    // In the same step as the last look: a request in between would join a run that is over.
    this.#running = null;
  }

  #linger(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LINGER_MS);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
