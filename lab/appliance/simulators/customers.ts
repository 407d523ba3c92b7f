import { setTimeout as sleep } from "node:timers/promises";
import type { Customer, Phone, WhatsAppSim } from "../../sim/whatsapp/index.ts";
import type { MessageReport } from "./report.ts";

const EVERY_MS = 6_000;
const ANSWERED = /קיבלתי: ([\d, ]+)/;

interface Written {
  readonly n: number;
  readonly id: string;
  readonly written_at: number;
}

/** People who write numbered messages on WhatsApp, whether they are answered or not. */
export class Customers {
  readonly #whatsapp: WhatsAppSim;
  readonly #written: Written[] = [];
  #writers: Promise<void>[] = [];
  #ending = new AbortController();
  #count = 0;

  constructor(whatsapp: WhatsAppSim) {
    this.#whatsapp = whatsapp;
  }

  /** So many customers write to the business of this telephone, one message after another. */
  begin(owner: string, writers: number): void {
    this.#ending = new AbortController();
    const { signal } = this.#ending;
    const phone = this.#whatsapp.phone(owner);
    this.#writers = Array.from({ length: writers }, async (_, i) => {
      const customer = this.#whatsapp.customer(`+97254${String(2_000_000 + i)}`);
      await sleep((i * EVERY_MS) / writers);
      while (!signal.aborted) {
        await this.#write(customer, phone);
        await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
      }
    });
  }

  /** No new messages. */
  async end(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#writers);
  }

  reports(): MessageReport[] {
    const answers = answersOf(this.#whatsapp.customers());
    return this.#written.map(({ n, id, written_at }) => ({
      ...{ n, id, written_at },
      answered_at: answers.get(n) ?? [],
    }));
  }

  async #write(customer: Customer, phone: Phone): Promise<void> {
    this.#count += 1;
    const n = this.#count;
    const written_at = Date.now();
    const id = await customer.writes(phone, `הודעה ${n}`);
    this.#written.push({ n, id, written_at });
  }
}

/** When each numbered message was answered. */
function answersOf(customers: Iterable<Customer>): Map<number, number[]> {
  const answers = new Map<number, number[]>();
  for (const { messages } of customers) {
    for (const { text, at } of messages.items) {
      const numbers = ANSWERED.exec(text ?? "")?.[1]?.split(", ") ?? [];
      for (const n of new Set(numbers.map(Number))) {
        const before = answers.get(n) ?? [];
        answers.set(n, [...before, Math.round(performance.timeOrigin + at)]);
      }
    }
  }
  return answers;
}
