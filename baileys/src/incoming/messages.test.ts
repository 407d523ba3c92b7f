import type { GatewayMessageEvent } from "@agentlocator/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WhatsAppSim } from "../../../lab/sim/whatsapp/index.ts";
import { pair, runGateway, SECRET } from "../../test/running-gateway.ts";
import type { Running } from "../../test/running-gateway.ts";

const SALON = 1;

let wa: WhatsAppSim;
let phone: ReturnType<WhatsAppSim["phone"]>;
let undo: () => void;
let running: Running;

beforeAll(async () => {
  wa = await new WhatsAppSim().start();
  undo = wa.trusted();
  running = await runGateway({
    url: wa.url,
    timing: { media: 2000, resend: 500 },
    env: { WA_VERIFY_SERVER: "true" },
  });
  phone = wa.phone("+972503330001", { name: "Salon" });
  await pair(running, SALON, phone);
});

afterAll(async () => {
  await running.stop();
  await wa.stop();
  undo();
  expect(wa.violations).toEqual([]);
});

const told = (id: string) => running.hearing.message(id) as Promise<GatewayMessageEvent>;
const times = (id: string) =>
  running.hearing.events.filter((event) => event.event === "message" && event.id === id).length;

async function media(ref: string) {
  const url = `${running.url}/media/${SALON}/${encodeURIComponent(ref)}`;
  const response = await fetch(url, { headers: { "X-BAILEYS-SECRET": SECRET } });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}

test("paired, it shows the account, and a customer is answered with every tick", async () => {
  expect(await running.session(SALON)).toMatchObject({
    state: "open",
    reason: null,
    phone: "+972503330001",
    lastSeen: expect.any(String),
  });
  const dana = wa.customer("+972521234567", { name: "Dana" });
  const id = await dana.writes(phone, "שלום, יש תור?");
  expect(await told(id)).toMatchObject({
    business_id: SALON,
    remote_jid: dana.jid,
    from: "972521234567",
    lid: expect.stringMatching(/@lid$/),
    from_me: false,
    push_name: "Dana",
    type: "text",
    text: "שלום, יש תור?",
  });
  await dana.sees(id, "delivered");

  const sent = await running.send(SALON, dana.jid, { text: "כן" });
  const received = await dana.next();
  expect(received).toMatchObject({ id: sent, text: "כן" });
  await running.hearing.receipt(sent, "delivered");
  dana.reads(sent);
  await running.hearing.receipt(sent, "read");
  const statuses = running.hearing.events.flatMap((event) =>
    event.event === "receipt" && event.id === sent ? [event.status] : [],
  );
  expect(statuses).toEqual(["sent", "delivered", "read"]);
});

test.each(["lid", "pn", "lid_only", "pn_only"] as const)(
  "a customer known as %s has the addresses that are known",
  async (address) => {
    const number = `97252400000${["lid", "pn", "lid_only", "pn_only"].indexOf(address)}`;
    const one = wa.customer(number, { address });
    const event = await told(await one.writes(phone, "hi"));
    expect(event.remote_jid).toBe(one.jid);
    expect(event.from).toBe(address === "lid_only" ? "" : number);
    expect(event.lid).toBe(address === "pn_only" ? null : `${one.lid}@lid`);
  },
);

test("a LID's phone is remembered from before", async () => {
  const one = wa.customer("972524000009", { address: "lid" });
  await told(await one.writes(phone, "first"));
  const only = wa.customer("972524000009");
  Object.assign(only, { address: "lid_only" });
  expect(await told(await only.writes(phone, "second"))).toMatchObject({ from: "972524000009" });
});

test("reply, reaction, edit, delete, place and contact come as what they are", async () => {
  const one = wa.customer("972524000010");
  const first = await one.writes(phone, "five o'clock");
  await told(first);
  const expected: [Parameters<typeof one.writes>[1], object][] = [
    [{ reply: { to: first, text: "or six" } }, { type: "text", text: "or six", reply_to: first }],
    [{ reaction: { to: first, emoji: "👍" } }, { type: "reaction", text: "👍", target: first }],
    [{ edit: { id: first, text: "six" } }, { type: "edit", text: "six", target: first }],
    [{ delete: first }, { type: "delete", target: first }],
    [{ location: { latitude: 32, longitude: 34, name: "X" } }, { type: "location" }],
    [{ contact: { name: "Avi", phone: "+972500000000" } }, { type: "contact" }],
  ];
  for (const [content, event] of expected) {
    expect(await told(await one.writes(phone, content))).toMatchObject(event);
  }
});

test("what waited at WhatsApp while we were away comes, in order and once", async () => {
  const one = wa.customer("972524000011");
  await told(await one.writes(phone, "before"));
  await wa.goOffline();
  const ids: string[] = [];
  for (const n of [1, 2, 3]) ids.push(await one.writes(phone, `offline ${n}`));
  await wa.goOnline();
  for (const id of ids) await told(id);
  const order = running.hearing.events.flatMap((event) =>
    event.event === "message" && ids.includes(event.id) ? [event.id] : [],
  );
  expect(order).toEqual(ids);
  await running.until(SALON, ({ connected }) => connected);
});

test("typed on the owner's phone: told as the owner's; our own sends are not told", async () => {
  const one = wa.customer("972524000012");
  await told(await one.writes(phone, "hello?"));
  const id = await phone.typed(one, "I am here");
  expect(await told(id)).toMatchObject({
    from_me: true,
    remote_jid: one.jid,
    from: "972524000012",
    text: "I am here",
  });
  const sent = await running.send(SALON, one.jid, { text: "and so am I" });
  await running.hearing.receipt(sent, "delivered");
  expect(times(sent)).toBe(0);
});

test("a message that can't be read is told; read after all, it is told under the same id", async () => {
  const one = wa.customer("972524000013");
  await told(await one.writes(phone, "first"));
  const id = await one.writes(phone, "scrambled", { undecryptable: "once" });
  const readable = running.hearing.first(
    (event) => event.event === "message" && event.id === id && event.type === "text",
  );
  expect(await readable).toMatchObject({ text: "scrambled" });
  expect(await told(id)).toMatchObject({ type: expect.stringMatching(/undecryptable|text/) });
});

test("a message that stays unreadable is had from the owner's phone", async () => {
  phone.resends_on_request = true;
  const one = wa.customer("972524000018");
  await told(await one.writes(phone, "first"));
  const id = await one.writes(phone, "readable there", { undecryptable: "always" });
  expect(await told(id)).toMatchObject({ type: "undecryptable", from: "972524000018", text: null });
  const readable = running.hearing.first(
    (event) => event.event === "message" && event.id === id && event.type === "text",
  );
  expect(await readable).toMatchObject({ text: "readable there", from: "972524000018" });
  expect(phone.requests.items).toHaveLength(1);
  expect(times(id)).toBe(2);
});

test("the same message from WhatsApp twice is told once", async () => {
  const one = wa.customer("972524000014");
  const id = await one.writes(phone, "once");
  await told(id);
  await one.writes(phone, "once", { id });
  await told(await one.writes(phone, "after"));
  expect(times(id)).toBeLessThanOrEqual(2);
});

test("media is told by reference and fetched when asked for", async () => {
  const one = wa.customer("972524000015");
  const voice = Buffer.from("OggS and so on");
  const note = await told(await one.writes(phone, { voice, seconds: 3 }));
  expect(note).toMatchObject({ type: "audio", media: { voice: true, seconds: 3 } });
  const before = wa.media.requests.length;
  const { response, bytes } = await media(note.media!.ref);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("audio/ogg; codecs=opus");
  expect(bytes).toEqual(voice);
  expect(wa.media.requests.length).toBe(before + 1);
});

test("media that WhatsApp dropped is asked for again at the phone; what is gone is 410", async () => {
  const one = wa.customer("972524000016");
  const image = Buffer.from("\xff\xd8\xff a picture", "latin1");
  const event = await told(await one.writes(phone, { image, caption: "see" }));
  wa.media.faults.next({ kind: "http", status: 410 });
  expect((await media(event.media!.ref)).bytes).toEqual(image);
  wa.media.faults.every({ kind: "http", status: 404 });
  expect((await media(event.media!.ref)).response.status).toBe(410);
  wa.media.faults.every();
  expect((await media("972524000016@s.whatsapp.net|NEVER")).response.status).toBe(410);
});

test("media without end is left; an address that is not WhatsApp's is never gone to", async () => {
  const one = wa.customer("972524000017");
  const event = await told(await one.writes(phone, { sticker: Buffer.from("RIFF") }));
  wa.media.faults.next({ kind: "endless" });
  expect((await media(event.media!.ref)).response.status).toBe(502);
  const elsewhere = running.hearing.origin.replace("http:", "https:");
  const imageMessage = { url: `${elsewhere}/x`, mediaKey: Buffer.alloc(32), mimetype: "image/png" };
  const id = await one.writes(phone, { proto: { imageMessage }, type: "media" });
  const evil = await told(id);
  expect((await media(evil.media!.ref)).response.status).toBe(410);
});

test("a server that is not WhatsApp is not talked to", async () => {
  wa.connections.next({ kind: "foreign_certificate" });
  phone.breaks({ kind: "drop" });
  const told = running.hearing.first(
    (event) => event.event === "connection" && /certificate/.test(event.detail ?? ""),
  );
  expect(await told).toMatchObject({ state: "close" });
  await running.until(SALON, ({ connected }) => connected);
});
