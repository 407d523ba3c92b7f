import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectProblem } from "../../../../test/browser.ts";
import { createWhatsappWorld, twilioSid, waId } from "../../../../test/whatsapp.ts";
import type { WhatsappWorld } from "../../../../test/whatsapp.ts";

const OURS = "+97236111111";
const COMMON = "+97236999999";

let world: WhatsappWorld;
let id: number;

beforeAll(async () => {
  world = await createWhatsappWorld({ TWILIO_WA_FROM: COMMON });
  ({ id } = await world.business({ phone_number: "+97236000001", whatsapp_number: OURS }));
});
afterAll(() => world?.close());

const message = (more: object = {}) => ({
  id: waId(),
  from: "972501234567",
  text: "שלום",
  ...more,
});
const count = async (business_id = id) => (await world.messages(business_id)).length;
const lastOf = async (business_id = id) => {
  const rows = await world.rows<{ id: number; text: string; provider_msg_id: string }>(
    business_id,
    "messages",
  );
  return rows.at(-1)!;
};
const asides = async () => (await world.admin.get("/api/admin/webhooks-aside")).body.items;
/** What a message has to be like to be set aside: 204, and nothing stored. */
async function expectAside(send: () => Promise<{ status: number }>, reason: string) {
  const before = await count();
  expect((await send()).status).toBe(204);
  expect(await count()).toBe(before);
  expect((await asides())[0]).toMatchObject({ reason });
  expect(world.logged.some(({ msg }) => String(msg).startsWith("[WA-ERROR]"))).toBe(true);
}

describe("who may tell", () => {
  const wrong: Record<string, Record<string, string>> = {
    nothing: { "X-BAILEYS-SIGNATURE": "" },
    "another secret": {
      "X-BAILEYS-SIGNATURE": createHmac("sha256", "x").update("{}").digest("hex"),
    },
    "a signature of another body": {
      "X-BAILEYS-SIGNATURE": createHmac("sha256", "between the two").update("{ }").digest("hex"),
    },
    "no hex": { "X-BAILEYS-SIGNATURE": "zz" },
    "a wrong secret": { "X-BAILEYS-SIGNATURE": "", "X-BAILEYS-SECRET": "between the tw" },
    "the secret beside a wrong signature": {
      "X-BAILEYS-SIGNATURE": "00",
      "X-BAILEYS-SECRET": "between the two",
    },
  };
  test.each(Object.entries(wrong))("the gateway: not with %s", async (_, headers) => {
    expect((await world.fromGateway("{}", headers)).status).toBe(403);
  });

  test("nobody, when no secret is shared", async () => {
    const bare = await createWhatsappWorld({ BAILEYS_WEBHOOK_SECRET: undefined as never });
    expect((await bare.fromGateway("{}", { "X-BAILEYS-SECRET": "" })).status).toBe(403);
    await bare.close();
  });

  test("a hand-made request with the secret itself, whatever it calls its body", async () => {
    const headers = { "X-BAILEYS-SIGNATURE": "", "X-BAILEYS-SECRET": "between the two" };
    expect((await world.fromGateway(message(), headers)).status).toBe(204);
    const type = { "Content-Type": "application/x-www-form-urlencoded" };
    const made = message({ text: "טופס" });
    expect((await world.fromGateway(made, { ...headers, ...type })).status).toBe(204);
    expect(await lastOf()).toMatchObject({ provider_msg_id: made.id, text: "טופס" });
  });

  test("Twilio, with its signature of the address that is configured", async () => {
    for (const name of ["twilio", "status", "twilio/"]) {
      const response = await fetch(`${world.base}/webhook/whatsapp/${name}`, {
        method: "POST",
        headers: { "X-Twilio-Signature": "x", "X-Forwarded-Host": "phone.example" },
        body: new URLSearchParams({ From: "whatsapp:+972501234567" }),
      });
      expect(response.status, name).toBe(403);
    }
  });

  test("both with a slash at the end, too", async () => {
    const params = { MessageSid: twilioSid(), From: "whatsapp:+972501234567", To: OURS, Body: "/" };
    expect((await world.fromTwilio("twilio/" as "twilio", params)).status).toBe(204);
    expect(await lastOf()).toMatchObject({ provider_msg_id: params.MessageSid });
  });

  test("too much, and what is no JSON, is refused before it is read", async () => {
    expect((await world.fromGateway("{")).status).toBe(400);
    expect((await world.fromGateway(message({ text: "x".repeat(2_000_000) }))).status).toBe(413);
  });
});

describe("what is understood", () => {
  const now = Date.now();
  const forms: [string, object, object][] = [
    ["body for text", { text: undefined, body: "גוף" }, { text: "גוף" }],
    ["provider_msg_id for id", { id: undefined, provider_msg_id: "P1" }, { provider_msg_id: "P1" }],
    ["an event", { event: "message" }, { text: "שלום" }],
    ["fields that nobody knows", { more: { than: ["this"] } }, { text: "שלום" }],
    ["a number that is no text", { text: 5 }, { text: "5" }],
    ["a type that nobody knows", { type: "POLL" }, { message_type: "unsupported" }],
    ["a type in capitals", { type: "TEXT" }, { message_type: "text" }],
    [
      "media without a type",
      { media: { ref: "r", mimetype: "audio/ogg" } },
      { message_type: "audio" },
    ],
    ["media that is none", { media: "x", type: "image" }, { message_type: "image" }],
    ["nothing but a sender", { id: undefined, text: undefined }, { text: null }],
  ];
  test.each(forms)("%s", async (_, given, stored) => {
    const before = await count();
    expect((await world.fromGateway(message(given))).status).toBe(204);
    expect(await count()).toBe(before + 1);
    expect(await lastOf()).toMatchObject(stored);
  });

  const hour_ago = Math.floor(now / 1000) - 3600;
  const times: [string, unknown, number][] = [
    ["seconds", hour_ago, hour_ago * 1000],
    ["milliseconds", hour_ago * 1000, hour_ago * 1000],
    ["digits", String(hour_ago), hour_ago * 1000],
    ["ISO 8601", new Date(hour_ago * 1000).toISOString(), hour_ago * 1000],
    ["nothing", undefined, now],
    ["no time", "yesterday", now],
    ["the year 1970", 5, now],
    ["the year 5000", 95_617_584_000, now],
    ["an object", { low: 5 }, now],
  ];
  test.each(times)("a time in %s", async (_, timestamp, at) => {
    await world.fromGateway(message({ timestamp }));
    const { created_at } = (await lastOf()) as unknown as { created_at: string };
    expect(Math.abs(Date.parse(created_at) - at)).toBeLessThan(120_000);
  });

  const senders: [string, object, string][] = [
    ["digits", { from: "972505550001" }, "+972505550001"],
    ["a number", { from: 972_505_550_001 }, "+972505550001"],
    ["E.164", { from: "+972505550001" }, "+972505550001"],
    ["whatsapp:", { from: "whatsapp:+972505550001" }, "+972505550001"],
    ["the local form", { from: "050-555-0001" }, "+972505550001"],
    ["a JID", { from: "972505550001@s.whatsapp.net" }, "+972505550001"],
    ["a JID with a device", { from: "972505550001:7@s.whatsapp.net" }, "+972505550001"],
    ["an old JID", { from: "972505550001@c.us" }, "+972505550001"],
    [
      "its chat alone",
      { from: undefined, remote_jid: "972505550001@s.whatsapp.net" },
      "+972505550001",
    ],
    [
      "a number that is not given out yet",
      { from: "999123456789@s.whatsapp.net" },
      "+999123456789",
    ],
    ["a LID", { from: "123456789012345@lid" }, "123456789012345@lid"],
    ["its chat's LID alone", { from: "", remote_jid: "888@lid" }, "888@lid"],
  ];
  test.each(senders)("a sender as %s", async (_, given, peer) => {
    expect((await world.fromGateway(message(given))).status).toBe(204);
    const { thread_id } = (await lastOf()) as unknown as { thread_id: number };
    const thread = (await world.threads(id)).find((found) => found.id === thread_id);
    expect(thread!.peer_number).toBe(peer);
  });

  test("not groups, broadcasts and channels, which are nobody's to answer", async () => {
    const before = [await count(), (await asides()).length];
    for (const remote_jid of ["12036304@g.us", "status@broadcast", "1@newsletter"]) {
      expect((await world.fromGateway(message({ from: undefined, remote_jid }))).status).toBe(204);
      expect((await world.fromGateway(message({ remote_jid }))).status).toBe(204);
    }
    expect([await count(), (await asides()).length]).toEqual(before);
  });

  test("the state of the connection, which the channel takes", async () => {
    const since = "2026-11-20T10:00:00.000Z";
    const connection = { event: "connection", business_id: id, state: "open", reason: null, since };
    expect((await world.fromGateway(connection)).status).toBe(204);
    expect(world.connections.at(-1)).toMatchObject(connection);
  });
});

describe("whose it is", () => {
  const inTwilio = (To: string, more = {}) => {
    const params = { MessageSid: twilioSid(), From: "whatsapp:+972501234567", Body: "x", ...more };
    return world.fromTwilio("twilio", { ...params, To });
  };

  test("the only business's, when a hand-made request does not say", async () => {
    const before = await count();
    await world.fromGateway(message());
    await world.fromGateway(message({ to: "+15005550006" }));
    await inTwilio(`whatsapp:${COMMON}`);
    expect(await count()).toBe(before + 3);
  });

  test("the number's, once there are several", async () => {
    const other = (await world.business({ phone_number: "+12025550123" })).id;
    for (const to of [OURS, "97236111111", "03-611-1111", `whatsapp:${OURS}`, "+97236000001"]) {
      const before = await count();
      await world.fromGateway(message({ to }));
      expect(await count(), to).toBe(before + 1);
    }
    for (const to of ["+12025550123", "2025550123", "whatsapp:+12025550123", "(202) 555-0123"]) {
      const before = await count(other);
      await world.fromGateway(message({ to }));
      expect(await count(other), to).toBe(before + 1);
    }
    const before = await count();
    expect((await inTwilio(`whatsapp:${OURS}`)).status).toBe(204);
    expect(await count()).toBe(before + 1);
  });

  test("nobody's otherwise: it is set aside, and the agency gives it to a business", async () => {
    await expectAside(() => world.fromGateway(message()), "no_business");
    await expectAside(() => world.fromGateway(message({ to: "+15005550006" })), "no_business");
    await expectAside(() => inTwilio(`whatsapp:${COMMON}`), "no_business");
    await expectAside(
      () => world.fromGateway(message({ business_id: 99_999 })),
      "unknown_business",
    );
    await expectAside(() => world.fromGateway(message({ business_id: "all" })), "invalid");
    await expectAside(() => world.fromGateway(message({ from: "" })), "invalid");
    await expectAside(
      () => world.fromGateway(message({ business_id: id, from: "nobody" })),
      "no_sender",
    );
    await expectAside(() => world.fromGateway({ event: "party", business_id: id }), "invalid");

    const lost = message({ text: "נמצאה" });
    await world.fromGateway(lost);
    const [aside] = await asides();
    expect(JSON.parse(aside.payload)).toEqual(lost);
    const deliver = { id: aside.id, business_id: id };
    expect((await world.admin.post("/api/admin/webhooks-aside/deliver", deliver)).status).toBe(204);
    expect(await lastOf()).toMatchObject({ text: "נמצאה" });
    expect((await asides())[0].id).not.toBe(aside.id);
    expect((await world.admin.post("/api/admin/webhooks-aside/deliver", deliver)).status).toBe(404);

    await world.fromGateway({ event: "party" });
    const [party] = await asides();
    const refused = { id: party.id, business_id: id };
    const answer = await world.admin.post("/api/admin/webhooks-aside/deliver", refused);
    expectProblem(answer, 422, "invalid");

    await inTwilio("whatsapp:+15005550006", { Body: "גם זו" });
    const [twilio] = await asides();
    const given = { id: twilio.id, business_id: id };
    await world.admin.post("/api/admin/webhooks-aside/deliver", given);
    expect(await lastOf()).toMatchObject({ text: "גם זו" });

    const left = await asides();
    const dismiss = () => world.admin.post("/api/admin/webhooks-aside/dismiss", { id: left[0].id });
    expect((await dismiss()).status).toBe(204);
    expect((await dismiss()).status).toBe(404);
    expect(await asides()).toHaveLength(left.length - 1);
  });
});
