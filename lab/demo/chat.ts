import { setTimeout as sleep } from "node:timers/promises";
import { already_taken } from "../sim/openai/index.ts";
import type { WhatsAppSim } from "../sim/whatsapp/index.ts";

type Customer = ReturnType<WhatsAppSim["customer"]>;
type OwnersPhone = ReturnType<WhatsAppSim["phone"]>;

/** People take so long to write a line, and to read one. */
const WRITING_MS = 2_500;
const PATIENCE_MS = 60_000;

/** A customer books an appointment in writing. @throws when the answer does not come */
export async function chat(customer: Customer, business: OwnersPhone): Promise<void> {
  /** Writes a line, and reads the answer: the first message with one of the words. */
  const ask = async (line: string, ...words: readonly string[]): Promise<string> => {
    const seen = customer.messages.items.length;
    await customer.writes(business, line);
    const found = customer.messages.find((message) => {
      const later = customer.messages.items.indexOf(message) >= seen;
      return later && words.some((word) => (message.text ?? "").includes(word));
    });
    const late = sleep(PATIENCE_MS, null, { ref: false });
    const got = await Promise.race([found, late]);
    if (got === null) throw new Error(`no answer to «${line}»`);
    await sleep(WRITING_MS);
    customer.reads(got.id);
    return got.text ?? "";
  };
  await ask("שלום, אפשר לקבוע תור?", "לאיזה יום");
  let booked = false;
  while (!booked) {
    await ask("יש תור פנוי מחר?", "האם זה מתאים");
    // Somebody else may have been quicker.
    const answer = await ask("כן, מאשר", "קבעתי לך תור", already_taken);
    booked = !answer.includes(already_taken);
  }
}
