import { afterAll, beforeAll, expect, test } from "vitest";
import { WhatsAppSim } from "../../../lab/sim/whatsapp/index.ts";
import { pair, runGateway } from "../../test/running-gateway.ts";
import type { Running } from "../../test/running-gateway.ts";

const SALON = 1;

type Customer = ReturnType<WhatsAppSim["customer"]>;

let wa: WhatsAppSim;
let phone: ReturnType<WhatsAppSim["phone"]>;
let undo: () => void;
let running: Running;
let customers = 0;

beforeAll(async () => {
  wa = await new WhatsAppSim().start();
  undo = wa.trusted();
  running = await runGateway({ url: wa.url, timing: { ack: 1500, typing: 60_000 } });
  phone = wa.phone("+972504440001", { name: "Salon" });
  await pair(running, SALON, phone);
});

afterAll(async () => {
  await running.stop();
  await wa.stop();
  undo();
  expect(wa.violations).toEqual([]);
});

const stranger = (): Customer =>
  wa.customer(`9725250000${String((customers += 1)).padStart(2, "0")}`);

/** Somebody who has written. */
async function customer(): Promise<Customer> {
  const one = stranger();
  await running.hearing.message(await one.writes(phone, "hello"));
  return one;
}

const message = (to: string, idempotencyKey: string, more: object = {}) => ({
  businessId: SALON,
  to,
  type: "text",
  text: "x",
  idempotencyKey,
  ...more,
});
const post = (body: object) => running.ask("POST", "/send", body);
const state = async (key: string) => (await running.ask("GET", `/send/${SALON}/${key}`)).body;
const failed = (id: string) => running.hearing.receipt(id, "failed");
const back = () => running.until(SALON, ({ connected }) => connected);

test("asked twice, sent once; another body under the same key is refused", async () => {
  const one = await customer();
  const body = message(one.jid, "twice", { text: "only once" });
  const [first, second] = await Promise.all([post(body), post(body)]);
  expect(first).toMatchObject({ status: 200, body: { ok: true } });
  expect(second.body).toEqual(first.body);
  expect(await one.next()).toMatchObject({ id: first.body.messageId, text: "only once" });
  await running.hearing.receipt(first.body.messageId, "delivered");
  expect((await post(body)).body).toEqual(first.body);
  expect(await state("twice")).toMatchObject({ state: "delivered", error: null });
  expect(await post(message(one.jid, "twice", { text: "another" }))).toMatchObject({
    status: 409,
    body: { type: "urn:agentlocator:idempotency_conflict" },
  });
  expect(one.messages.items).toHaveLength(1);
  expect(one.duplicates).toEqual([]);
});

test("a phone number in any form reaches the customer; anything else is refused", async () => {
  const one = await customer();
  for (const to of [`+${one.number}`, one.number, `${one.number}@s.whatsapp.net`]) {
    const id = await running.send(SALON, to);
    expect((await one.next()).id).toBe(id);
  }
  for (const to of ["0521234567", "123-456@g.us", "status@broadcast", "x@evil.example"]) {
    expect(await post(message(to, `bad ${to}`))).toMatchObject({ status: 400 });
  }
});

test("never the first to write, unless it is allowed; and never to who is not on WhatsApp", async () => {
  const one = stranger();
  expect(await post(message(one.number, "cold"))).toMatchObject({
    status: 403,
    body: { type: "urn:agentlocator:stranger" },
  });
  const id = await running.send(SALON, one.number, { allowStranger: true });
  expect((await one.next()).id).toBe(id);
  const nobody = await running.send(SALON, "972599999999", { allowStranger: true });
  expect(await failed(nobody)).toMatchObject({ error: expect.stringMatching(/^not_on_whatsapp/) });
});

test.each([
  [463, /^463: .*first/],
  [479, /^479: .*device/],
  [420, /^420: /],
])(
  "WhatsApp refuses with %i: failed, with the reason, and not tried again",
  async (code, words) => {
    const one = await customer();
    phone.acks.next({ kind: "error", code });
    const id = await running.send(SALON, one.jid);
    expect(await failed(id)).toMatchObject({ error: expect.stringMatching(words) });
    const after = await running.send(SALON, one.jid);
    expect((await one.next()).id).toBe(after);
  },
);

test.each(["withheld", "lost"] as const)(
  "an acknowledgement that is %s: said again under the same id, shown once",
  async (kind) => {
    const one = await customer();
    phone.acks.next({ kind });
    const id = await running.send(SALON, one.jid);
    expect((await one.next()).id).toBe(id);
    await running.hearing.receipt(id, kind === "lost" ? "sent" : "delivered");
    expect(one.messages.items).toHaveLength(1);
  },
);

test("lost on a dying connection: said again after the reconnect, under the same id", async () => {
  const one = await customer();
  phone.breaks({ kind: "half_open" });
  const id = await running.send(SALON, one.jid, { idempotencyKey: "dying" });
  await expect.poll(async () => (await state("dying")).state).toBe("written");
  phone.breaks({ kind: "drop" });
  expect((await one.next()).id).toBe(id);
  await running.hearing.receipt(id, "sent");
  expect(one.messages.items).toHaveLength(1);
});

test("a receipt that comes late sets nothing back", async () => {
  const one = wa.customer("972525000098", { delivers: "by_hand" });
  await running.hearing.message(await one.writes(phone, "hello"));
  const id = await running.send(SALON, one.jid, { idempotencyKey: "late" });
  await one.next();
  one.reads(id);
  await running.hearing.receipt(id, "read");
  one.delivers(id);
  await running.hearing.message(await one.writes(phone, "after"));
  expect(await state("late")).toMatchObject({ state: "read" });
});

test("an answer quotes what it answers", async () => {
  const one = stranger();
  const asked = await one.writes(phone, "what do you cost?");
  await running.hearing.message(asked);
  await running.send(SALON, one.jid, { text: "100", replyTo: asked });
  const { extendedTextMessage } = (await one.next()).message;
  expect(extendedTextMessage?.contextInfo).toMatchObject({
    stanzaId: asked,
    participant: one.jid,
    quotedMessage: { conversation: "what do you cost?" },
  });
});

test("media from the backend is sent as what it is; a private address is not gone to", async () => {
  const one = await customer();
  const files = running.hearing.files;
  files.set("/a.png", { type: "image/png", bytes: Buffer.from("picture") });
  files.set("/v.ogg", { type: "audio/ogg", bytes: Buffer.from("OggS") });
  const { origin } = running.hearing;
  const image = { type: "image", text: "look", mediaUrl: `${origin}/a.png` };
  await running.send(SALON, one.jid, image);
  const picture = await one.next();
  expect(picture).toMatchObject({ text: "look", type: "media" });
  expect((await picture.file()).toString()).toBe("picture");
  const voice = { type: "audio", text: undefined, mediaUrl: `${origin}/v.ogg` };
  await running.send(SALON, one.jid, voice);
  expect((await one.next()).message.audioMessage).toMatchObject({ ptt: true });

  for (const url of ["https://127.0.0.1/x", "http://localhost:1/x", "https://[::1]/x"]) {
    const id = await running.send(SALON, one.jid, { ...image, mediaUrl: url });
    expect(await failed(id)).toMatchObject({ error: expect.stringMatching(/^not_sent: /) });
  }
});

test("typing is shown and ends; read receipts go out", async () => {
  const one = stranger();
  const id = await one.writes(phone, "hello");
  const { remote_jid: remoteJid } = (await running.hearing.message(id)) as { remote_jid: string };
  await running.ask("POST", `/sessions/${SALON}/typing`, { to: one.jid, on: true });
  expect(await one.chat_states.next()).toEqual({ state: "composing", online: true });
  await running.ask("POST", `/sessions/${SALON}/typing`, { to: one.jid, on: false });
  expect(await one.chat_states.next()).toMatchObject({ state: "paused" });
  await phone.presence.find((presence) => presence === "unavailable");
  await running.ask("POST", `/sessions/${SALON}/read`, { messages: [{ id, remoteJid }] });
  await one.sees(id, "read");
});

test("withdrawn before it was written: never sent", async () => {
  const one = await customer();
  running.hearing.files.clear();
  const slow = { type: "image", text: "x", mediaUrl: `${running.hearing.origin}/slow.png` };
  const { promise, resolve } = Promise.withResolvers<void>();
  running.hearing.hold = promise;
  await running.send(SALON, one.jid, { ...slow, idempotencyKey: "withdrawn" });
  const gone = await running.ask("DELETE", `/send/${SALON}/withdrawn`);
  expect(gone.body).toEqual({ cancelled: true });
  running.hearing.files.set("/slow.png", { type: "image/png", bytes: Buffer.from("late") });
  resolve();
  const next = await running.send(SALON, one.jid);
  expect((await one.next()).id).toBe(next);
  expect(await state("withdrawn")).toMatchObject({ state: "not_sent" });
  expect(await post(message(one.jid, "withdrawn", slow))).toMatchObject({ status: 409 });
  const taken = await running.ask("DELETE", `/send/${SALON}/twice`);
  expect(taken.body).toEqual({ cancelled: false });
});

test("what the customer's phone can't decrypt is sent again from the disk", async () => {
  const one = await customer();
  one.cannotDecrypt();
  const id = await running.send(SALON, one.jid, { text: "again" });
  expect(await one.next()).toMatchObject({ id, text: "again", retry: 1 });
});

test("not connected: 409, and what was accepted before waits for the connection", async () => {
  const one = await customer();
  await wa.goOffline();
  await running.until(SALON, ({ connected }) => !connected);
  expect(await post(message(one.jid, "offline"))).toMatchObject({
    status: 409,
    body: { type: "urn:agentlocator:not_connected" },
  });
  expect((await running.ask("GET", `/send/${SALON}/offline`)).status).toBe(404);
  await wa.goOnline();
  await back();
  const id = await running.send(SALON, one.jid);
  expect((await one.next()).id).toBe(id);
});
