import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWhatsappWorld, twilioSid, waId } from "../../../../test/whatsapp.ts";
import type { WhatsappWorld } from "../../../../test/whatsapp.ts";
import { identifyMessage } from "./receipts.ts";

const RUNS = { numRuns: 15 };
const SOME_TIME = Math.floor(Date.now() / 1000) - 30;

let world: WhatsappWorld;
let owner: Awaited<ReturnType<WhatsappWorld["business"]>>["owner"];
let id: number;
let thread_id: number;

beforeAll(async () => {
  world = await createWhatsappWorld();
  ({ id, owner } = await world.business({ whatsapp_number: "+97236111111" }));
  await tell({ id: waId(), text: "שלום" });
  thread_id = (await world.threads(id))[0]!.id;
});
afterAll(() => world?.close());

const tell = async (more: object) => {
  const { status, text } = await world.fromGateway({
    ...{ event: "message", business_id: id, from: "972501234567", timestamp: SOME_TIME },
    remote_jid: "972501234567@s.whatsapp.net",
    ...more,
  });
  expect(status, text).toBe(204);
};
const receipt = (provider_msg_id: string, status: string, error: string | null = null) =>
  tell({ event: "receipt", id: provider_msg_id, status, error });
const messageAt = async (provider_msg_id: string) => {
  const messages = await world.messages(id);
  return messages.find((message) => message.provider_msg_id === provider_msg_id)!;
};

describe("receipts", () => {
  const STATUSES = ["sent", "delivered", "read"] as const;

  test("in whatever order, doubled, early or late, end at the furthest", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...STATUSES), { minLength: 1, maxLength: 6 }),
        fc.nat(6),
        async (told, known_after) => {
          const provider_msg_id = waId();
          const sent = await world.sent(id, { thread_id });
          const steps: (() => Promise<unknown>)[] = told.map(
            (status) => () => receipt(provider_msg_id, status),
          );
          const identify = () =>
            world.db.inBusiness(id, (tx) => identifyMessage(tx, sent, "baileys", provider_msg_id));
          steps.splice(Math.min(known_after, told.length), 0, identify);
          for (const step of steps) await step();
          const furthest = STATUSES.findLast((status) => told.includes(status));
          expect((await messageAt(provider_msg_id)).status).toBe(furthest);
        },
      ),
      RUNS,
    );
  });

  test("at the same moment as the message's own id are not lost", async () => {
    for (let n = 0; n < 10; n++) {
      const provider_msg_id = waId();
      const sent = await world.sent(id, { thread_id });
      await Promise.all([
        receipt(provider_msg_id, "delivered"),
        world.db.inBusiness(id, (tx) => identifyMessage(tx, sent, "baileys", provider_msg_id)),
        receipt(provider_msg_id, "sent"),
      ]);
      expect((await messageAt(provider_msg_id)).status).toBe("delivered");
    }
    expect(await world.rows(id, "early_receipts")).toEqual([]);
  });

  test("of what the owner typed may come before it, too", async () => {
    const provider_msg_id = waId();
    await receipt(provider_msg_id, "read");
    await tell({ id: provider_msg_id, text: "אני כאן", from_me: true });
    expect(await messageAt(provider_msg_id)).toMatchObject({ author: "user", status: "read" });
  });

  test("a failure says why, and a phone that has the message outweighs it", async () => {
    const provider_msg_id = waId();
    await world.sent(id, { thread_id, provider_msg_id });
    await receipt(provider_msg_id, "sent");
    await receipt(provider_msg_id, "failed", "463: החשבון מוגבל");
    const failed = await messageAt(provider_msg_id);
    expect(failed).toMatchObject({ status: "failed", error: "463: החשבון מוגבל" });
    await receipt(provider_msg_id, "sent");
    expect(await messageAt(provider_msg_id)).toMatchObject({ status: "failed" });
    await receipt(provider_msg_id, "delivered");
    expect(await messageAt(provider_msg_id)).toMatchObject({ status: "delivered", error: null });
  });

  test("of what the customer wrote change nothing", async () => {
    const provider_msg_id = waId();
    await tell({ id: provider_msg_id, text: "שלום" });
    await receipt(provider_msg_id, "read");
    expect((await messageAt(provider_msg_id)).status).toBe("received");
    expect(await world.rows(id, "early_receipts")).toEqual([]);
  });

  test("of Twilio find the message by its id alone, and say in words what went wrong", async () => {
    const provider_msg_id = twilioSid();
    await world.sent(id, { thread_id, provider: "twilio", provider_msg_id });
    const status = (MessageStatus: string, more = {}) =>
      world.fromTwilio("status", { MessageSid: provider_msg_id, MessageStatus, ...more });
    for (const name of ["queued", "sending", "sent", "delivered", "sent"]) {
      expect((await status(name)).status, name).toBe(204);
    }
    expect((await messageAt(provider_msg_id)).status).toBe("delivered");

    const other = twilioSid();
    await world.sent(id, { thread_id, provider: "twilio", provider_msg_id: other });
    const failed = { MessageSid: other, MessageStatus: "undelivered", ErrorCode: "63016" };
    await world.fromTwilio("status", failed);
    const { error, ...message } = await messageAt(other);
    expect(message.status).toBe("failed");
    expect(error).toMatch(/^63016: עברו יותר מ־24 שעות/);
  });

  test("of Twilio that come before its answer did are kept for the business of the number", async () => {
    const provider_msg_id = twilioSid();
    await world.fromTwilio("status", {
      ...{ MessageSid: provider_msg_id, MessageStatus: "read" },
      ...{ From: "whatsapp:+97236111111", To: "whatsapp:+972501234567" },
    });
    const sent = await world.sent(id, { thread_id, provider: "twilio" });
    await world.db.inBusiness(id, (tx) => identifyMessage(tx, sent, "twilio", provider_msg_id));
    expect((await messageAt(provider_msg_id)).status).toBe("read");
  });
});

describe("reactions, edits and deletes", () => {
  test("in whatever order, doubled, before or after their message, come to the same", async () => {
    const change = fc.record({
      type: fc.constantFrom("reaction", "edit"),
      from_me: fc.boolean(),
      text: fc.constantFrom("", "❤️", "👍", "אחרת"),
    });
    await fc.assert(
      fc.asyncProperty(
        fc
          .array(change, { minLength: 1, maxLength: 5 })
          .chain((list) =>
            fc.tuple(
              fc.constant(list),
              fc.shuffledSubarray([...list.keys(), -1], { minLength: list.length + 1 }),
            ),
          ),
        async ([changes, order]) => {
          const target = waId();
          const all = changes.map((one, n) => ({
            ...{ ...one, target, id: waId() },
            timestamp: SOME_TIME + n,
          }));
          const original = { id: target, type: "text", text: "מקור" };
          for (const n of order) await tell(n === -1 ? original : all[n]!);
          await tell(all[0]!);

          const last = (type: string, from_me: boolean) =>
            changes.findLast((one) => one.type === type && one.from_me === from_me)?.text;
          const reactions = [
            { emoji: last("reaction", false), from: "customer" },
            { emoji: last("reaction", true), from: "user" },
          ].filter(({ emoji }) => emoji);
          expect(await messageAt(target)).toMatchObject({
            text: last("edit", false) ?? "מקור",
            reactions,
          });
        },
      ),
      RUNS,
    );
  });

  test("at the same moment as their message are not lost", async () => {
    for (let n = 0; n < 10; n++) {
      const target = waId();
      const reaction = { id: waId(), type: "reaction", target, text: "👍" };
      await Promise.all([tell(reaction), tell({ id: target, text: "שלום" })]);
      expect((await messageAt(target)).reactions).toEqual([{ emoji: "👍", from: "customer" }]);
    }
  });

  test("are no messages, and are not unread", async () => {
    const target = waId();
    await tell({ id: target, text: "שלום" });
    const before = { messages: await world.messages(id), threads: await world.threads(id) };
    await tell({ id: waId(), type: "reaction", target, text: "👍" });
    await tell({ id: waId(), type: "delete", target });
    const deleted = await messageAt(target);
    expect(deleted.deleted_at).toBe(new Date(SOME_TIME * 1000).toISOString());
    expect(await world.messages(id)).toHaveLength(before.messages.length);
    expect(await world.threads(id)).toEqual(before.threads);
  });

  test("of somebody else's words are not done", async () => {
    const ours = waId();
    await world.sent(id, { thread_id, provider_msg_id: ours, text: "המחיר 100" });
    await tell({ id: waId(), type: "edit", target: ours, text: "המחיר 1" });
    await tell({ id: waId(), type: "delete", target: ours });
    expect(await messageAt(ours)).toMatchObject({ text: "המחיר 100", deleted_at: null });
    await tell({ id: waId(), type: "edit", target: ours, text: "המחיר 90", from_me: true });
    expect(await messageAt(ours)).toMatchObject({ text: "המחיר 90" });
    expect((await messageAt(ours)).edited_at).not.toBeNull();
  });

  test("without a message that they are about are kept as messages of an unknown kind", async () => {
    const stray = waId();
    await tell({ id: stray, type: "edit", text: "בלי מקור" });
    expect(await messageAt(stray)).toMatchObject({ message_type: "unsupported", text: "בלי מקור" });
  });
});

describe("reading", () => {
  test("a person who reads the thread shows it to the customer, once", async () => {
    await owner.post(`/api/threads/${thread_id}/read`);
    const provider_msg_id = waId();
    await tell({ id: provider_msg_id, text: "קראתם?" });
    const { body } = await owner.post(`/api/threads/${thread_id}/read`);
    expect(body.unread_count).toBe(0);
    const jobs = await world.readJobs();
    const read: unknown[] = [];
    world.gateway.read = async (business, messages) => void read.push([business, messages]);
    await world.run("whatsapp.read", { business_id: id, ...jobs.at(-1)!.payload });
    expect(read).toEqual([
      [id, [{ id: provider_msg_id, remoteJid: "972501234567@s.whatsapp.net" }]],
    ]);
    await owner.post(`/api/threads/${thread_id}/read`);
    expect(await world.readJobs()).toHaveLength(jobs.length);
  });
});
