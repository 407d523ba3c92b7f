import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { pendingJobs } from "../../../../test/pending-jobs.ts";
import { createWhatsappWorld, twilioSid, waId } from "../../../../test/whatsapp.ts";
import type { WhatsappWorld } from "../../../../test/whatsapp.ts";

let world: WhatsappWorld;
let business: Awaited<ReturnType<WhatsappWorld["business"]>>;
let id: number;
const NUMBER = "+97236111111";

beforeAll(async () => {
  world = await createWhatsappWorld();
});
afterAll(() => world?.close());
beforeEach(async () => {
  const { rows } = await world.db.inSystem(({ trx }) =>
    trx.raw("update businesses set whatsapp_number = null returning id"),
  );
  business = await world.business({
    whatsapp_number: NUMBER,
    phone_number: `+9723600${String(1000 + rows.length)}`,
  });
  id = business.id;
});

const hello = (more: object = {}) => ({
  event: "message",
  business_id: id,
  id: waId(),
  remote_jid: "972501234567@s.whatsapp.net",
  from: "972501234567",
  push_name: "דנה",
  type: "text",
  text: "שלום",
  timestamp: Math.floor(Date.now() / 1000),
  ...more,
});
const tell = async (payload: object) => {
  const { status, text } = await world.fromGateway(payload);
  expect(status, text).toBe(204);
};
const write = (more: Record<string, string> = {}) =>
  world.fromTwilio("twilio", {
    MessageSid: twilioSid(),
    From: "whatsapp:+972501234567",
    To: `whatsapp:${NUMBER}`,
    ProfileName: "דנה",
    Body: "שלום",
    NumMedia: "0",
    ...more,
  });

describe("a customer's message", () => {
  test("by the gateway is stored with its thread and its contact, and waits for the agent", async () => {
    const message = hello();
    await tell(message);
    const [thread, ...others] = await world.threads(id);
    expect(others).toEqual([]);
    expect(thread).toMatchObject({
      ...{ type: "whatsapp", provider: "baileys", peer_number: "+972501234567" },
      ...{ unread_count: 1, status: "open" },
    });
    expect(await world.rows(id, "contacts")).toMatchObject([
      { id: thread!.contact_id, name: "דנה", phone: "+972501234567", whatsapp_lid: null },
    ]);
    const [stored] = await world.messages(id);
    expect(stored).toMatchObject({
      ...{ thread_id: thread!.id, direction: "in", author: "customer", status: "received" },
      ...{ text: "שלום", provider: "baileys", provider_msg_id: message.id },
    });
    expect(thread!.last_inbound_at).toEqual(stored!.created_at);
    const [job] = (await pendingJobs(world.url, "whatsapp.answer")).slice(-1);
    expect(job).toMatchObject({
      key: `answer:${thread!.id}`,
      queue: `thread:${thread!.id}`,
      payload: { business_id: id, thread_id: thread!.id },
    });
    const events = await world.rows<{ name: string; ref: object }>(id, "events");
    expect(events.map(({ name }) => name)).toEqual(expect.arrayContaining(["message", "thread"]));
  });

  test("by Twilio is stored in the same thread, and the thread follows the customer", async () => {
    await tell(hello());
    expect((await write()).status).toBe(204);
    const [thread, ...others] = await world.threads(id);
    expect(others).toEqual([]);
    expect(thread).toMatchObject({ provider: "twilio", unread_count: 2 });
    expect((await world.messages(id)).map(({ provider }) => provider)).toEqual([
      "baileys",
      "twilio",
    ]);
  });

  test("that is told five times at once is stored once", async () => {
    const message = hello();
    await Promise.all(Array.from({ length: 5 }, () => tell(message)));
    expect(await world.messages(id)).toHaveLength(1);
    expect(await world.threads(id)).toMatchObject([{ unread_count: 1 }]);
    const sid = twilioSid();
    await Promise.all(Array.from({ length: 5 }, () => write({ MessageSid: sid })));
    expect(await world.messages(id)).toHaveLength(2);
    expect(await world.threads(id)).toMatchObject([{ unread_count: 2 }]);
  });

  test("that is told again under the LID is the same one", async () => {
    const message = hello();
    const lid = { from: "", remote_jid: "555@lid", lid: "555@lid" };
    await tell({ ...message, lid: "555@lid" });
    await tell({ ...message, ...lid });
    await tell({ ...hello(), ...lid });
    expect(await world.messages(id)).toHaveLength(2);
    expect(await world.rows(id, "contacts")).toMatchObject([
      { phone: "+972501234567", whatsapp_lid: "555@lid" },
    ]);
    expect(await world.threads(id)).toMatchObject([{ peer_number: "+972501234567" }]);
  });

  test("keeps a name that a person gave", async () => {
    await tell(hello({ push_name: null }));
    const [contact] = await world.rows<{ id: number; name: string }>(id, "contacts");
    expect(contact!.name).toBe("");
    await world.db.inBusiness(id, ({ trx }) => trx("contacts").update({ name: "גברת כהן" }));
    await tell(hello());
    expect(await world.rows(id, "contacts")).toMatchObject([{ name: "גברת כהן" }]);
  });

  test("that comes late stands at its own time, and does not take the thread back", async () => {
    await write();
    const hour_ago = Math.floor(Date.now() / 1000) - 3600;
    await tell(hello({ text: "מאוחרת", timestamp: hour_ago }));
    const messages = await world.messages(id);
    expect(messages.map(({ text }) => text)).toEqual(["מאוחרת", "שלום"]);
    expect(messages[0]!.created_at).toBe(new Date(hour_ago * 1000).toISOString());
    const [thread] = await world.threads(id);
    expect(thread).toMatchObject({ provider: "twilio", unread_count: 2 });
    expect(thread!.last_inbound_at).toBe(messages[1]!.created_at);
    const { body } = await business.owner.get(`/api/threads/${thread!.id}/messages`);
    expect(body.items.map(({ text }: { text: string }) => text)).toEqual(["שלום", "מאוחרת"]);
  });

  test("that could not be read is replaced when it comes again, and only then is for the agent", async () => {
    const before = (await pendingJobs(world.url, "whatsapp.answer")).length;
    const message = hello();
    await tell({ ...message, type: "undecryptable", text: null });
    expect(await world.messages(id)).toMatchObject([{ message_type: "undecryptable" }]);
    expect(await pendingJobs(world.url, "whatsapp.answer")).toHaveLength(before);
    await tell(message);
    expect(await world.messages(id)).toMatchObject([{ message_type: "text", text: "שלום" }]);
    expect(await world.threads(id)).toMatchObject([{ unread_count: 1 }]);
    expect(await pendingJobs(world.url, "whatsapp.answer")).toHaveLength(before + 1);
    await tell({ ...message, type: "undecryptable", text: null });
    expect(await world.messages(id)).toMatchObject([{ message_type: "text" }]);
  });

  test("answers the message that it quotes", async () => {
    const first = hello();
    await tell(first);
    await tell(hello({ reply_to: first.id }));
    const [quoted, reply] = await world.messages(id);
    expect(reply!.reply_to_id).toBe(quoted!.id);
  });

  test("of a business that is suspended is kept, but nobody answers", async () => {
    const before = (await pendingJobs(world.url, "whatsapp.answer")).length;
    await world.admin.patch(`/api/admin/businesses/${id}`, { status: "suspended" });
    await tell(hello());
    expect(await world.messages(id)).toHaveLength(1);
    expect(await pendingJobs(world.url, "whatsapp.answer")).toHaveLength(before);
  });

  test("while the agent is off is for it only when it may ask to be left alone", async () => {
    const before = (await pendingJobs(world.url, "whatsapp.answer")).length;
    await business.owner.patch("/api/settings", { ai_enabled_whatsapp: false });
    await tell(hello());
    expect(await pendingJobs(world.url, "whatsapp.answer")).toHaveLength(before);
    await tell(hello({ text: "הסר." }));
    expect(await pendingJobs(world.url, "whatsapp.answer")).toHaveLength(before + 1);
    const waiting = await world.rows<{ handled_at: string | null }>(id, "messages");
    expect(waiting.map(({ handled_at }) => handled_at !== null)).toEqual([true, false]);
  });

  test("opens a thread that was closed", async () => {
    await tell(hello());
    const [thread] = await world.threads(id);
    await business.owner.patch(`/api/threads/${thread!.id}`, { status: "closed" });
    await tell(hello());
    expect(await world.threads(id)).toMatchObject([{ id: thread!.id, status: "open" }]);
  });
});

describe("what the owner types on the phone", () => {
  test("is a person's message, reads the thread, and pauses the agent", async () => {
    await tell(hello());
    await tell(hello({ from_me: true, text: "אני כאן", push_name: "העסק" }));
    const [thread] = await world.threads(id);
    expect((await world.messages(id))[1]).toMatchObject({
      ...{ direction: "out", author: "user", status: "sent", text: "אני כאן" },
    });
    expect(thread!.unread_count).toBe(0);
    expect(Date.parse(thread!.ai_paused_until!)).toBeGreaterThan(Date.now() + 50 * 60_000);
    expect(await world.rows(id, "contacts")).toMatchObject([{ name: "דנה" }]);
  });

  test("to somebody who never wrote opens a thread that nobody answers", async () => {
    const before = (await pendingJobs(world.url, "whatsapp.answer")).length;
    await tell(hello({ from_me: true }));
    expect(await world.threads(id)).toMatchObject([{ unread_count: 0, last_inbound_at: null }]);
    expect(await pendingJobs(world.url, "whatsapp.answer")).toHaveLength(before);
  });
});

describe("what WhatsApp has besides text", () => {
  test("is told in words where it can be, and kept by name where it is not known", async () => {
    await tell(
      hello({
        type: "location",
        text: null,
        location: { latitude: 32.1, longitude: 34.8, name: "הסטודיו" },
      }),
    );
    await tell(hello({ type: "poll", text: "מי בא?" }));
    await write({ Body: "", Latitude: "32.1", Longitude: "34.8", Label: "כאן" });
    await write({ Body: "", MessageType: "interactive" });
    expect(
      (await world.messages(id)).map(({ message_type, text }) => [message_type, text]),
    ).toEqual([
      ["location", "הסטודיו\nhttps://maps.google.com/?q=32.1,34.8"],
      ["unsupported", "מי בא?"],
      ["location", "כאן\nhttps://maps.google.com/?q=32.1,34.8"],
      ["unsupported", ""],
    ]);
  });

  test("text that PostgreSQL can't keep is cleaned, and too much of it is cut", async () => {
    await tell(hello({ text: "a\0b\ud800c", push_name: "x\0\ud83d" }));
    await tell(hello({ text: "א".repeat(70_000) }));
    const [first, second] = await world.messages(id);
    expect(first!.text).toBe("ab\ufffdc");
    expect(second!.text).toHaveLength(65_536 + "\n[… 65536 / 70000]".length);
    expect(await world.rows(id, "contacts")).toMatchObject([{ name: "x\ufffd" }]);
  });
});
