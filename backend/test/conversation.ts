import type { Appointment, Thread } from "@agentlocator/contract";
import { DateTime } from "luxon";
import { callerSaid, runTool, type ToolContext } from "../src/features/agent/index.ts";
import { findOrCreateContact } from "../src/features/contacts/index.ts";
import { findOrCreateThread } from "../src/features/conversations/index.ts";
import type { TestPeople } from "./people.ts";

export const ZONE = "Asia/Jerusalem";
/** A Friday noon. The clock of a conversation starts here and is moved by hand. */
export const START = DateTime.fromISO("2026-11-20T12:00", { zone: ZONE });

let made = 0;

/** A conversation of one customer with the agent, as the channel would carry it. */
export async function converse(
  world: TestPeople,
  business_id: number,
  options: { channel?: ToolContext["channel"]; phone?: string | null; start?: DateTime } = {},
) {
  const { channel = "call", start = START } = options;
  made += 1;
  const phone = options.phone === null ? "" : (options.phone ?? `+97250100${1000 + made}`);
  const call_sid = channel === "call" ? `CA${String(made).padStart(32, "0")}` : null;
  const { thread_id, contact_id } = await world.db.inBusiness(business_id, async (tx) => {
    const contact = phone === "" ? null : await findOrCreateContact(tx, { phone });
    const contact_id = contact?.id ?? null;
    const peer = { type: channel, provider: "twilio" as const, peer_number: phone, contact_id };
    const thread_id = await findOrCreateThread(tx, peer);
    if (call_sid) {
      const numbers = { from_number: phone, to_number: "+97236000001" };
      const call = { business_id, call_sid, ...numbers, thread_id, contact_id };
      await tx.trx("calls").insert({ ...call, ledger: "{}" });
    }
    return { thread_id, contact_id };
  });

  let now = start.toMillis();
  const clock = { now: () => now };
  const ctx: ToolContext = {
    db: world.db,
    log: world.log,
    clock,
    business_id,
    thread_id,
    channel,
    call_sid,
    last_turn: null,
  };
  let asked = 0;
  const read = <T>(table: string, where: object): Promise<T[]> =>
    world.db.inBusiness(business_id, ({ trx }) => trx(table).where(where).orderBy("created_at"));

  return {
    ctx,
    clock,
    contact_id,
    /** A second goes by between any two things that happen. */
    wait: (ms: number) => void (now += ms),
    /** The model calls a tool. */
    async tool(name: string, args: object | string = {}, tool_call_id = `call_${++asked}`) {
      now += 1000;
      const text = typeof args === "string" ? args : JSON.stringify(args);
      return runTool(ctx, { name, arguments: text, tool_call_id });
    },
    /** The customer speaks, and the product looks at the words. */
    async says(text: string, began_at?: Date) {
      now += 1000;
      ctx.last_turn = { text, began_at: began_at ?? new Date(now) };
      now += 1000;
      return callerSaid(ctx, ctx.last_turn);
    },
    /** The customer speaks, but only the model hears it. */
    onlyModelHears(text: string) {
      now += 1000;
      ctx.last_turn = { text, began_at: new Date(now) };
    },
    appointments: () => read<Appointment>("appointments", { thread_id }),
    toolCalls: () => read<{ name: string; tool_call_id: string }>("tool_calls", { thread_id }),
    async thread() {
      const [thread] = await read<Thread>("threads", { id: thread_id });
      return thread!;
    },
    async setPending(value: unknown) {
      const pending_slot = value === null ? null : JSON.stringify(value);
      await world.db.inBusiness(business_id, ({ trx }) =>
        trx("threads").where("id", thread_id).update({ pending_slot }),
      );
    },
  };
}

export type Conversation = Awaited<ReturnType<typeof converse>>;

/** What was logged under `[NLP]` since the beginning of the test. */
export function nlpLines(world: TestPeople): string[] {
  return world.logged.map(({ msg }) => String(msg)).filter((msg) => msg.startsWith("[NLP]"));
}
