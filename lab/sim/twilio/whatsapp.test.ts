import twilio from "twilio";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TestProduct } from "./test-product.ts";

const ours = "+97231234567";
const customer = "+972521111111";
const INBOUND = "/webhook/whatsapp/twilio";
const STATUS = "/webhook/whatsapp/status";

let product: TestProduct;
let client: twilio.Twilio;

beforeEach(async () => {
  product = await new TestProduct().start();
  product.answers[INBOUND] = { status: 204 };
  client = twilio(product.sim.account_sid, product.sim.auth_token);
  client.api.baseUrl = product.sim.api_base_url;
  client.content.baseUrl = product.sim.api_base_url;
});
afterEach(() => product.stop());

const send = (more: { body?: string; contentSid?: string; contentVariables?: string }) =>
  client.messages.create({
    ...{ to: `whatsapp:${customer}`, from: `whatsapp:${ours}` },
    statusCallback: product.public_base_url + STATUS,
    ...more,
  });
const writes = (more: object = {}) =>
  product.sim.whatsapp.receive({ from: customer, to: ours, body: "שלום", ...more });
const told = () =>
  product.requests
    .filter(({ path }) => path === STATUS)
    .map(({ params }) => [params.MessageStatus, params.ErrorCode]);

test("a customer writes, with media, and the product fetches it", async () => {
  const bytes = Buffer.from("a picture");
  const { answer } = await writes({ profile_name: "דנה", media: [{ type: "image/png", bytes }] });
  expect(answer.status).toBe(204);
  const { params } = product.requests[0]!;
  expect(params).toMatchObject({
    From: `whatsapp:${customer}`,
    WaId: customer.slice(1),
    ProfileName: "דנה",
    NumMedia: "1",
    MediaContentType0: "image/png",
  });
  const token = Buffer.from(`${product.sim.account_sid}:${product.sim.auth_token}`);
  const headers = { authorization: `Basic ${token.toString("base64")}` };
  const media = await fetch(params.MediaUrl0!, { headers });
  expect(Buffer.from(await media.arrayBuffer())).toEqual(bytes);
  expect((await fetch(params.MediaUrl0!)).status).toBe(401);
});

test("an answer within the day is sent and delivered, later it fails with 63016", async () => {
  await writes();
  const { sid } = await send({ body: "כן" });
  await product.sim.whatsapp.settled();
  expect(told()).toEqual([
    ["sent", undefined],
    ["delivered", undefined],
  ]);
  expect(await client.messages(sid).fetch()).toMatchObject({ status: "delivered", body: "כן" });
  const later = Date.now() + 25 * 3_600_000;
  product.sim.whatsapp.now = () => later;
  const late = await send({ body: "עוד משהו" });
  expect(late.status).toBe("queued");
  await product.sim.whatsapp.settled();
  expect(told().at(-1)).toEqual(["failed", "63016"]);
  expect(await client.messages(late.sid).fetch()).toMatchObject({ errorCode: 63016 });
});

test("an approved template goes at any time, with its variables", async () => {
  const { contents } = product.sim.whatsapp;
  const approved = contents.add({ friendly_name: "תזכורת", body: "תור ב-{{1}}" });
  const pending = contents.add({ friendly_name: "מבצע", body: "מבצע!", status: "pending" });
  const contentVariables = JSON.stringify({ 1: "10:00" });
  const sent = await send({ contentSid: approved.sid, contentVariables });
  expect(sent.body).toBe("תור ב-10:00");
  await send({ contentSid: pending.sid });
  await product.sim.whatsapp.settled();
  expect(told().toSorted()).toEqual([
    ["delivered", undefined],
    ["failed", "63016"],
    ["sent", undefined],
  ]);
  const listed = await client.content.v1.contentAndApprovals.list({ pageSize: 1 });
  expect(listed.map(({ friendlyName }) => friendlyName)).toEqual(["תזכורת", "מבצע"]);
  const broken = send({ contentSid: approved.sid, contentVariables: "{" });
  await expect(broken).rejects.toMatchObject({ code: 21_656 });
});

test("what is told comes in any order that is wanted", async () => {
  product.sim.whatsapp.fate = ["read", "delivered", "sent"];
  await writes();
  await send({ body: "כן" });
  await product.sim.whatsapp.settled();
  expect(told().map(([status]) => status)).toEqual(["read", "delivered", "sent"]);
});

test("a cut connection leaves the message taken or not, and the list says which", async () => {
  await writes();
  product.sim.nextRequest({ kind: "cut", done: true });
  await expect(send({ body: "א" })).rejects.toMatchObject({ code: "ECONNRESET" });
  product.sim.nextRequest({ kind: "cut", done: false });
  await expect(send({ body: "ב" })).rejects.toMatchObject({ code: "ECONNRESET" });
  product.sim.nextRequest({ kind: "http", status: 429 });
  await expect(send({ body: "ג" })).rejects.toMatchObject({ status: 429 });
  const listed = await client.messages.list({ to: `whatsapp:${customer}`, limit: 20 });
  expect(listed.map(({ body }) => body)).toEqual(["א"]);
  expect(listed[0]!.dateCreated.getTime()).toBeGreaterThan(Date.now() - 60_000);
});

test("what Twilio would refuse is refused", async () => {
  await writes();
  await expect(send({ body: "א".repeat(1601) })).rejects.toMatchObject({ code: 21_617 });
  await expect(send({ contentSid: "HX1" })).rejects.toMatchObject({ code: 21_655 });
  product.sim.whatsapp.senders = new Set();
  await expect(send({ body: "א" })).rejects.toMatchObject({ code: 63_007 });
  expect(product.sim.violations).toEqual([]);
  const mixed = client.messages.create({ to: customer, from: `whatsapp:${ours}`, body: "א" });
  await expect(mixed).rejects.toMatchObject({ code: 21_910 });
  const nobody = client.messages.create({ to: "whatsapp:052", from: ours, body: "א" });
  await expect(nobody).rejects.toMatchObject({ code: 21_211 });
  expect(product.sim.violations).toHaveLength(1);
});
