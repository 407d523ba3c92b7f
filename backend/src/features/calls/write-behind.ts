import { keepTrying } from "../../platform/keep-trying.ts";
import type { Logger } from "../../platform/log.ts";

/**
 * Runs one write at a time, and again until it succeeds, so that a database that is away for a
 * while costs a call nothing. While a write waits, further requests join the next one: `write` must
 * take everything that is pending when it runs.
 */
export class WriteBehind {
  readonly #write: () => Promise<void>;
  readonly #log: Logger;
  #wanted = false;
  #running: Promise<void> | null = null;

  constructor(log: Logger, write: () => Promise<void>) {
    this.#log = log;
    this.#write = write;
  }

  /** A write is being done, or done again. */
  get busy(): boolean {
    return this.#running !== null;
  }

  /** Asks for a write; the promise resolves when everything asked for until now is stored. */
  request(): Promise<void> {
    this.#wanted = true;
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    while (this.#wanted) {
      this.#wanted = false;
      await keepTrying(this.#log, "a call's record", this.#write);
    }
    // In the same step as the last look: a request in between would join a run that is over.
    this.#running = null;
  }
}
