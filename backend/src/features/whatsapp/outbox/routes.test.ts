import type { MediaUpload } from "@agentlocator/contract";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { expectProblem } from "../../../../test/browser.ts";
import { createOutboxWorld, type OutboxWorld } from "../../../../test/outbox.ts";

const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");

let world: OutboxWorld;
let customer: string;

beforeAll(async () => {
  world = await createOutboxWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.gateway.connected = true;
  await world.channel("open");
  customer = world.number();
});

const local = (number: string) => `0${number.slice(4)}`;

test("`to` is taken in every form, and is one customer with one thread", async () => {
  const thread = await world.writes(customer);
  const forms = [customer, customer.slice(1), local(customer), `whatsapp:${customer}`];
  for (const to of forms) {
    const { status, body } = await world.send(to, { text: to });
    expect(status, to).toBe(200);
    expect(body).toMatchObject({
      ok: true,
      message: { thread_id: thread, direction: "out", author: "user", status: "queued", text: to },
    });
  }
  await world.look(thread);
  expect(world.gateway.sends.slice(-4).map(({ body }) => body.to)).toEqual(Array(4).fill(customer));
  for (const to of ["call me", "12", "+1", "0".repeat(30)]) {
    expectProblem(await world.send(to, { text: "א" }), 400, "invalid_input");
  }
});

test("an answer quotes a message of the same conversation, and of no other", async () => {
  const thread = await world.writes(customer);
  const asked = await world.db.inBusiness(world.business_id, ({ trx }) =>
    trx("messages").where({ thread_id: thread }).first("id", "provider_msg_id"),
  );
  const quoting = { text: "כן", reply_to_id: asked.id };
  const { body } = await world.send(customer, quoting);
  expect(body.message.reply_to_id).toBe(asked.id);
  await world.look(thread);
  expect(world.gateway.sends.at(-1)!.body.replyTo).toBe(asked.provider_msg_id);
  const other = world.number();
  await world.writes(other);
  expectProblem(await world.send(other, quoting), 404, "not_found");
});

test("one known by a LID alone is written to by it", async () => {
  const { db, business_id, gateway } = world;
  const lid = `${customer.slice(1)}99@lid`;
  const message = { business_id, id: crypto.randomUUID(), from: "", lid, text: "שלום" };
  await fetch(`${world.base}/webhook/whatsapp/baileys`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-BAILEYS-SECRET": "between the two" },
    body: JSON.stringify(message),
  });
  const { body } = await world.send(lid, { text: "שלום" });
  await world.look(body.message.thread_id);
  expect(gateway.sends.at(-1)!.body.to).toBe(lid);
  gateway.connected = false;
  const late = await world.send(lid, { text: "עוד" });
  await world.look(late.body.message.thread_id);
  const [{ route_reason }] = await db.inBusiness(business_id, ({ trx }) =>
    trx("messages").where("id", late.body.message.id).select("route_reason"),
  );
  expect(route_reason).toBe("waiting_for_gateway");
});

test("the same key never sends twice, and another body under it is refused", async () => {
  const thread = await world.writes(customer);
  const idempotency_key = `key ${customer}`;
  const [first, ...others] = await Promise.all(
    [customer, local(customer), customer].map((to) =>
      world.send(to, { text: "פעם אחת", idempotency_key }),
    ),
  );
  expect(first!.status).toBe(200);
  for (const other of others) expect(other.body.message.id).toBe(first!.body.message.id);
  await world.look(thread);
  const again = await world.send(customer, { text: "פעם אחת", idempotency_key });
  expect(again.body.message).toMatchObject({ id: first!.body.message.id, provider: "baileys" });
  const other = await world.send(customer, { text: "אחר", idempotency_key });
  expectProblem(other, 409, "key_reused");
  expect(await world.written(thread)).toHaveLength(1);
  expect(world.gateway.texts.filter((text) => text === "פעם אחת")).toHaveLength(1);
});

test("a person's message pauses the agent on the thread", async () => {
  const thread = await world.writes(customer);
  await world.send(customer, { text: "אני כאן" });
  const { ai_paused_until } = (await world.owner.get(`/api/threads/${thread}`)).body;
  expect(Date.parse(ai_paused_until)).toBeGreaterThan(world.clock.now());
});

test("what can't be sent is said at once, and nothing is stored", async () => {
  expectProblem(await world.send(customer, { text: "שלום" }), 422, "window_closed");
  const { db, business_id } = world;
  const contact = await db.inBusiness(business_id, ({ trx }) =>
    trx("contacts").where("phone", customer).first("id"),
  );
  expect(contact).toBeUndefined();
  const thread = await world.writes(customer);
  const by = (provider: string, text = "א") => world.send(customer, { text, provider });
  expectProblem(await by("twilio"), 422, "window_closed");
  await world.channel("close");
  expectProblem(await by("baileys"), 422, "not_connected");
  expect(await world.written(thread)).toEqual([]);
  await world.writes(customer, "twilio");
  expectProblem(await by("twilio", "א".repeat(1601)), 422, "too_long");
  expect((await by("twilio")).status).toBe(200);
});

test("a stranger is written to first only if the business says so", async () => {
  expectProblem(await world.send(customer, { text: "א", provider: "baileys" }), 422, "stranger");
  await world.settings({ whatsapp_write_first: true });
  const { status, body } = await world.send(customer, { text: "א" });
  await world.settings({ whatsapp_write_first: false });
  expect(status).toBe(200);
  await world.settings({ whatsapp_write_first: true });
  await world.look(body.message.thread_id);
  await world.settings({ whatsapp_write_first: false });
  expect(world.gateway.sends.at(-1)!.body).toMatchObject({ to: customer, allowStranger: true });
});

test("bad bodies are refused", async () => {
  for (const body of [
    {},
    { text: " " },
    { text: "א".repeat(4097) },
    { text: "א", provider: "sms" },
    { text: "א", idempotency_key: "" },
    { text: "א", surprise: 1 },
  ]) {
    expectProblem(await world.send(customer, body), 400, "invalid_input");
  }
});

async function upload(bytes: Buffer, query = "", type = "application/octet-stream") {
  const { owner } = world;
  const response = await fetch(`${world.base}/api/media${query}`, {
    method: "POST",
    headers: {
      "Content-Type": type,
      Cookie: [...owner.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
      "X-CSRF-Token": owner.cookies.get("al_csrf")!,
    },
    body: new Uint8Array(bytes),
  });
  return { status: response.status, body: (await response.json()) as MediaUpload };
}

test("a file is uploaded, sent, and fetched by the provider alone", async () => {
  const thread = await world.writes(customer);
  const { status, body } = await upload(PNG, "?file_name=logo.png&content_type=text/html");
  expect(status).toBe(201);
  expect(body).toMatchObject({ content_type: "image/png", size: 16, file_name: "logo.png" });
  const sent = await world.send(customer, { media_url: body.media_url, text: "הלוגו" });
  expect(sent.body.message).toMatchObject({ message_type: "image", media_url: body.media_url });
  await world.look(thread);
  const { mediaUrl, ...rest } = world.gateway.sends.at(-1)!.body;
  expect(rest).toMatchObject({ type: "image", text: "הלוגו", fileName: "logo.png" });
  const link = mediaUrl!.replace("https://phone.example", world.base);
  const fetched = await fetch(link);
  expect(fetched.headers.get("Content-Type")).toBe("image/png");
  expect(Buffer.from(await fetched.arrayBuffer())).toEqual(PNG);
  expect((await fetch(`${link.slice(0, -2)}xx`)).status).toBe(404);
  const [shown] = (await world.owner.get(`/api/threads/${thread}/messages`)).body.items;
  expect(shown.media).toMatchObject({ file_name: "logo.png", content_type: "image/png" });
});

test("media is sent again with another message, by Twilio too", async () => {
  const thread = await world.writes(customer, "twilio");
  const { body } = await upload(PNG);
  await world.send(customer, { media_url: body.media_url });
  const { media_url } = (await world.send(customer, { media_url: body.media_url })).body.message;
  expect(media_url).not.toBe(body.media_url);
  await world.look(thread);
  const [first, second] = world.twilio.whatsapp.sent.slice(-2);
  expect(first!.params.MediaUrl).toMatch(/^https:\/\/phone\.example\/static\/media\//);
  expect(second!.params.MediaUrl).not.toBe(first!.params.MediaUrl);
});

test("media that is not there, of others, or somewhere forbidden is not sent", async () => {
  await world.writes(customer);
  const send = (media_url: string) => world.send(customer, { media_url });
  expectProblem(await send("/api/media/999999"), 404, "not_found");
  for (const url of [
    "http://example.com/a.png",
    "https://127.0.0.1/a.png",
    "https://user:secret@example.com/a.png",
    "ftp://example.com/a",
    "/api/threads/1",
    "file:///etc/passwd",
  ]) {
    expectProblem(await send(url), 400, "media_unusable");
  }
});

test("an upload is bounded, and no form's", async () => {
  expect((await upload(Buffer.alloc(0))).status).toBe(400);
  expect((await upload(Buffer.alloc(16 * 1024 * 1024 + 1))).status).toBe(413);
  expect((await upload(PNG, "", "text/plain")).status).toBe(415);
  expect((await upload(Buffer.from("{}"), "", "application/json")).status).toBe(415);
});

test("what was uploaded and never sent is gone after a day", async () => {
  const { body } = await upload(PNG);
  const { db, business_id, owner } = world;
  await world.run("prune_uploads");
  expect((await owner.get(body.media_url)).status).toBe(200);
  await db.inBusiness(business_id, ({ trx }) =>
    trx("media").update({ created_at: trx.raw("now() - interval '25 hours'") }),
  );
  await world.run("prune_uploads");
  expect((await owner.get(body.media_url)).status).toBe(404);
});

async function held(text: string): Promise<{ id: number; thread: number }> {
  const thread = await world.writes(customer);
  world.gateway.faults.push("cut_after");
  const { id } = await world.answer(thread, text);
  world.gateway.mute = true;
  await world.look(thread);
  world.clock.advance(180_000);
  await world.look(thread);
  world.gateway.mute = false;
  expect((await world.message(id)).status).toBe("held");
  return { id, thread };
}

test("a person sends a held message again: it is asked about first", async () => {
  const { id, thread } = await held(`א ${customer}`);
  const { body } = await world.owner.post(`/api/messages/${id}/retry`);
  expect(body).toMatchObject({ id, status: "queued", error: null });
  await world.look(thread);
  expect(world.gateway.texts.filter((text) => text === `א ${customer}`)).toHaveLength(1);
  expect((await world.message(id)).provider_msg_id).not.toBeNull();
});

test("if the gateway still says nothing, it goes by the provider that the person names", async () => {
  const { id, thread } = await held(`ב ${customer}`);
  await world.writes(customer, "twilio");
  world.gateway.mute = true;
  const retry = await world.owner.post(`/api/messages/${id}/retry`, { provider: "twilio" });
  expect(retry.status).toBe(200);
  await world.look(thread);
  world.gateway.mute = false;
  expect(world.twilio.whatsapp.sent.at(-1)!.body).toBe(`ב ${customer}`);
});

test("a held message is given up; if it was sent all the same, it says so", async () => {
  const { id, thread } = await held(`ג ${customer}`);
  const { body } = await world.owner.post(`/api/messages/${id}/discard`);
  expect(body.status).toBe("failed");
  expect(body.error).toMatch(/^discarded: /);
  const bell = (await world.bells()).find(({ link }) => link === `/app/inbox/${thread}`);
  expect(bell).toMatchObject({ kind: "message_stuck", resolved_at: expect.any(String) });
  await world.look(thread);
  expect((await world.message(id)).status).toBe("queued");
  world.clock.advance(16_000);
  await world.look(thread);
  expect((await world.message(id)).status).toBe("sent");
  expectProblem(await world.owner.post(`/api/messages/${id}/discard`), 409, "not_undecided");
});

test("a message that waits is given up, a failed one is sent again", async () => {
  const thread = await world.writes(customer);
  await world.settings({ whatsapp_provider: "baileys" });
  world.gateway.connected = false;
  const { id } = await world.answer(thread, `ד ${customer}`);
  await world.look(thread);
  await world.owner.post(`/api/messages/${id}/discard`);
  expect((await world.message(id)).status).toBe("failed");
  world.gateway.connected = true;
  await world.look(thread);
  expect(world.gateway.texts).not.toContain(`ד ${customer}`);
  expect((await world.owner.post(`/api/messages/${id}/retry`)).status).toBe(200);
  await world.look(thread);
  await world.settings({ whatsapp_provider: "auto" });
  expect(world.gateway.texts).toContain(`ד ${customer}`);
  expectProblem(await world.owner.post(`/api/messages/${id}/retry`), 409, "not_undecided");
  expectProblem(await world.owner.post("/api/messages/999999/retry"), 404, "not_found");
});
