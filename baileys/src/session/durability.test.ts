import type { GatewayEvent } from "@agentlocator/contract";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WhatsAppSim } from "../../../lab/sim/whatsapp/index.ts";
import { pair, runGateway } from "../../test/running-gateway.ts";
import type { Running } from "../../test/running-gateway.ts";
import { openBusiness } from "../storage/index.ts";
import type { InboxEntry } from "../storage/index.ts";
import type { Timing } from "./timing.ts";

const SALON = 1;

let wa: WhatsAppSim;
let phone: ReturnType<WhatsAppSim["phone"]>;
let undo: () => void;
let running: Running;
/** Comes before each write of a message into the inbox. */
let before_record: (entry: InboxEntry) => Promise<void>;

const openStorage: typeof openBusiness = async (options) => {
  const storage = await openBusiness(options);
  const { inbox } = storage;
  const record: typeof inbox.record = async (entry) => {
    if (entry.key.startsWith("message:")) await before_record(entry);
    return inbox.record(entry);
  };
  return { ...storage, inbox: { ...inbox, record } };
};

async function start(timing: Partial<Timing> = {}): Promise<void> {
  running = await runGateway({ url: wa.url, timing, openStorage });
  phone = wa.phone("+972508880001", { name: "Salon" });
  await pair(running, SALON, phone);
}

beforeEach(async () => {
  before_record = async () => {};
  wa = await new WhatsAppSim().start();
  undo = wa.trusted();
});

afterEach(async () => {
  await running.stop();
  await wa.stop();
  undo();
  expect(wa.violations).toEqual([]);
});

test("no receipt before the message is on the disk", async () => {
  await start();
  const written = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  before_record = async () => {
    asked.resolve();
    await written.promise;
  };
  const dana = wa.customer("972528880001");
  const id = await dana.writes(phone, "hello");
  await asked.promise;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(dana.ticks.items).toEqual([]);
  written.resolve();
  await dana.sees(id, "delivered");
  await running.hearing.message(id);
});

test("a full disk: no receipt, said aloud, and the message comes again and is read", async () => {
  await start();
  let full = 2;
  before_record = async () => {
    if ((full -= 1) >= 0) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
  };
  const dana = wa.customer("972528880001");
  const id = await dana.writes(phone, "hello");
  expect(await running.hearing.message(id)).toMatchObject({ type: "text", text: "hello" });
  await dana.sees(id, "delivered");
  const told = running.hearing.events.filter(
    (event: GatewayEvent) => event.event === "connection" && event.reason === "deaf",
  );
  expect(told).toHaveLength(2);
  expect(told[0]).toMatchObject({ detail: expect.stringContaining("no space left") });
  expect(dana.ticks.items.filter(({ type }) => type === "retry")).toEqual([]);
});

test.each(["lid", "pn"] as const)(
  "by %s: messages of one moment come in order",
  async (address) => {
    await start();
    const dana = wa.customer("972528880001", { address });
    const texts = Array.from({ length: 8 }, (_, n) => `${n}`);
    const ids = await Promise.all(texts.map((text) => dana.writes(phone, text)));
    for (const id of ids) await running.hearing.message(id);
    const told = running.hearing.events.flatMap((event) =>
      event.event === "message" ? [event.text] : [],
    );
    expect(told).toEqual(texts);
  },
);

test("what could not be written for too long is given up, and never sent", async () => {
  await start({ settle: 20 });
  const dana = wa.customer("972528880001");
  await running.hearing.message(await dana.writes(phone, "hello"));
  await running.stop();
  await start({ settle: 60_000, hold: 300 });
  await running.hearing.message(await dana.writes(phone, "are you there?"));
  const id = await running.send(SALON, dana.jid, { idempotencyKey: "held" });
  expect(await running.hearing.receipt(id, "failed")).toMatchObject({
    error: expect.stringMatching(/^not_sent: /),
  });
  const { body } = await running.ask("GET", `/send/${SALON}/held`);
  expect(body).toMatchObject({ state: "not_sent" });
});
