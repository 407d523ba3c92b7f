import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { expectProblem } from "../../../../../test/browser.ts";
import { createOutboxWorld, type OutboxWorld } from "../../../../../test/outbox.ts";
import { fillTemplate, placeholders } from "./variables.ts";

const REMINDER = "שלום {{1}}, תזכורת לתור בשעה {{2}}";

let world: OutboxWorld;
let customer: string;

beforeAll(async () => {
  world = await createOutboxWorld();
  const { contents } = world.twilio.whatsapp;
  const variables = { "1": "דנה", "2": "10:00" };
  contents.add({ friendly_name: "appointment_reminder", body: REMINDER, variables });
  contents.add({ friendly_name: "sale", body: "מבצע!", status: "pending", category: "MARKETING" });
  contents.add({ friendly_name: "draft", body: "טיוטה", status: "unsubmitted" });
});
afterAll(() => world.close());
beforeEach(() => {
  customer = world.number();
});

const sync = () => world.owner.post("/api/whatsapp/templates/sync");
const list = async () => (await world.owner.get("/api/whatsapp/templates")).body.items;
const given = { "1": "רות", "2": "12:30" };
const reminder = (more: object = {}) =>
  world.send(customer, { template: "appointment_reminder", template_variables: given, ...more });

test("templates come from Twilio with their approval, and what is gone there goes", async () => {
  expect((await sync()).body.items).toHaveLength(3);
  const { sid } = world.twilio.whatsapp.contents.all[0]!;
  expect((await list()).toReversed()).toEqual([
    {
      ...{ content_sid: sid, name: "appointment_reminder", language: "he", body: REMINDER },
      ...{ variables: { "1": "דנה", "2": "10:00" }, status: "approved", category: "UTILITY" },
    },
    expect.objectContaining({ name: "sale", status: "pending", category: "MARKETING" }),
    expect.objectContaining({ name: "draft", status: "unsubmitted", category: null }),
  ]);
  const [draft] = world.twilio.whatsapp.contents.all.splice(2, 1);
  await sync();
  expect(await list()).toHaveLength(2);
  world.twilio.whatsapp.contents.all.push(draft!);
});

test("each night they are brought to every business", async () => {
  const other = await world.business();
  await world.run("sync_whatsapp_templates");
  expect((await other.owner.get("/api/whatsapp/templates")).body.items).toHaveLength(3);
});

test("a Twilio that does not answer leaves what is there", async () => {
  await sync();
  world.twilio.nextRequest({ kind: "http", status: 503 });
  expectProblem(await sync(), 502, "twilio_unavailable");
  expect(await list()).toHaveLength(3);
});

test("an approved template goes to a stranger, filled in", async () => {
  await sync();
  const { status, body } = await reminder();
  expect(status).toBe(200);
  expect(body.message).toMatchObject({
    ...{ provider: "twilio", message_type: "text" },
    text: "שלום רות, תזכורת לתור בשעה 12:30",
  });
  await world.look(body.message.thread_id);
  const sent = world.twilio.whatsapp.sent.at(-1)!;
  expect(sent).toMatchObject({ body: "שלום רות, תזכורת לתור בשעה 12:30", status: "queued" });
  expect(sent.params).not.toHaveProperty("Body");
  expect(JSON.parse(String(sent.params.ContentVariables))).toEqual(given);
  expect(await world.message(body.message.id)).toMatchObject({
    route_reason: "window_closed_template",
    provider_msg_id: sent.sid,
  });
});

test("by its ContentSid as well, and once under one key", async () => {
  const { sid } = world.twilio.whatsapp.contents.all[0]!;
  const idempotency_key = customer;
  const first = await reminder({ template: sid, idempotency_key });
  const second = await reminder({ template: sid, idempotency_key });
  expect(second.body.message.id).toBe(first.body.message.id);
  const other = { "1": "אחר", "2": "12:30" };
  const conflict = await reminder({ template: sid, idempotency_key, template_variables: other });
  expectProblem(conflict, 409, "key_reused");
});

test("one that is not approved goes only to a customer who wrote today", async () => {
  expectProblem(await world.send(customer, { template: "sale" }), 422, "template_not_approved");
  await world.writes(customer, "twilio");
  expect((await world.send(customer, { template: "sale" })).status).toBe(200);
});

test("what can't be sent is said", async () => {
  expectProblem(await world.send(customer, { template: "no such" }), 404, "not_found");
  const by_gateway = await reminder({ provider: "baileys" });
  expectProblem(by_gateway, 422, "template_needs_twilio");
  const missing = await reminder({ template_variables: { "1": "רות", "3": "x" } });
  expectProblem(missing, 400, "template_variables");
  expect(missing.body.errors.map(({ path }: { path: string }) => path)).toEqual([
    "body.template_variables.2",
    "body.template_variables.3",
  ]);
});

test("variables are what WhatsApp allows", () => {
  expect(placeholders("{{1}} {{ name }} {{1}} {x}")).toEqual(["1", "name"]);
  const template = { body: "{{1}}!", variables: {} };
  expect(fillTemplate(template, { "1": "$& {{1}}" })).toBe("$& {{1}}!");
  for (const value of ["", " ", "a\nb", "a\tb", "a     b"]) {
    expect(() => fillTemplate(template, { "1": value }), value).toThrow("do not fit");
  }
});
