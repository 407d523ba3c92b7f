import { setTimeout as sleep } from "node:timers/promises";
import type { WhatsAppSim } from "../sim/whatsapp/index.ts";

type Customer = ReturnType<WhatsAppSim["customer"]>;
type OwnersPhone = ReturnType<WhatsAppSim["phone"]>;

/** What a customer writes, and a word of the answer that leads to the next. */
const LINES = [
  ["שלום, אפשר לקבוע תור?", "לאיזה יום"],
  ["יש תור פנוי מחר?", "האם זה מתאים"],
  ["כן, מאשר", "קבעתי לך תור"],
] as const;

/** People take so long to write a line, and to read one. */
const WRITING_MS = 2_500;
const PATIENCE_MS = 60_000;

/** A customer books an appointment in writing. @throws when the answer does not come */
export async function chat(customer: Customer, business: OwnersPhone): Promise<void> {
  for (const [line, answer] of LINES) {
    const seen = customer.messages.items.length;
    await customer.writes(business, line);
    const found = customer.messages.find((message) => {
      const later = customer.messages.items.indexOf(message) >= seen;
      return later && (message.text ?? "").includes(answer);
    });
    const late = sleep(PATIENCE_MS, null, { ref: false });
    const got = await Promise.race([found, late]);
    if (got === null) throw new Error(`no answer to «${line}»`);
    await sleep(WRITING_MS);
    customer.reads(got.id);
  }
}
