import type { Message } from "@agentlocator/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, until } from "./eventually.ts";
import { startGateways } from "./gateways.ts";
import type { LeasedGateway } from "./gateways.ts";
import { isOpen, messagesOf, statusOf, threadsOf } from "./whatsapp.ts";
import type { WhatsappBusiness } from "./whatsapp.ts";

/** One after the other: each of these takes a gateway away. */
let world: Awaited<ReturnType<typeof startGateways>>;
let business: WhatsappBusiness;
let other: WhatsappBusiness;

beforeAll(async () => {
  world = await startGateways();
  await world.addGateway();
  await world.addGateway();
  business = await world.addBusiness();
  other = await world.addBusiness();
});
afterAll(() => world?.stop());

let people = 0;
const stranger = () => {
  people += 1;
  return world.wa.customer(`+97254800${String(people).padStart(4, "0")}`);
};

const textsFrom = async (number: string): Promise<(string | null)[]> => {
  const threads = await threadsOf(business);
  const thread = threads.find(({ peer_number }) => peer_number === `+${number}`);
  const messages = await messagesOf(business);
  return messages.filter(({ thread_id }) => thread_id === thread?.id).map(({ text }) => text);
};
const stored = (number: string, texts: string[]) =>
  eventually(
    () => textsFrom(number),
    (found) => found.length >= texts.length,
  ).then((found) => expect(found).toEqual(texts));
const send = (body: object) =>
  business.owner.post<{ message: Message }>("/api/whatsapp/send", body);

/** The business's session is this gateway's, and does what it has to. */
async function serves(gateway: LeasedGateway): Promise<void> {
  await eventually(() => statusOf(business), isOpen);
  await world.connected(business);
  const customer = stranger();
  await customer.writes(business.phone, "שלום");
  await stored(customer.number, ["שלום"]);
  await send({ to: `+${customer.number}`, text: "היי", idempotency_key: `hi-${people}` });
  await until(() => customer.messages.items.length === 1);
  expect((await world.leaseOf(business))!.url).toBe(gateway.url);
}

test("each of two businesses is connected on its page, at a gateway of its own", async () => {
  await eventually(
    () => Promise.all([world.leaseOf(business), world.leaseOf(other)]),
    ([one, two]) => one!.url !== two!.url,
  );
  await serves(await world.ownerOf(business));
});

test("the gateway is killed: the other one goes on with the pairing, nothing is lost", async () => {
  const customer = stranger();
  const before = await world.ownerOf(business);
  await customer.writes(business.phone, "לפני");
  await stored(customer.number, ["לפני"]);
  business.phone.acks.next({ kind: "withheld" });
  await send({ to: `+${customer.number}`, text: "תשובה", idempotency_key: "killed" });
  await until(() => customer.messages.items.length === 1);
  await before.kill();
  await customer.writes(business.phone, "בינתיים", { offline: true });
  const after = await world.ownerOf(business, before);
  await stored(customer.number, ["לפני", "תשובה", "בינתיים"]);
  await serves(after);
  expect(customer.messages.items.map(({ text }) => text)).toEqual(["תשובה"]);
  await world.addGateway();
});

test("the gateway stands still and wakes up: it has nothing to say any more", async () => {
  const customer = stranger();
  const before = await world.ownerOf(business);
  before.freeze();
  await customer.writes(business.phone, "כשהיא ישנה");
  const after = await world.ownerOf(business, before);
  await stored(customer.number, ["כשהיא ישנה"]);
  const written = before.output.length;
  before.thaw();
  await until(() => before.output.slice(written).some((line) => line.includes("ran out")));
  await serves(after);
  expect(after.output.join("\n")).not.toContain("replaced");
  expect(await statusOf(business)).toMatchObject({ baileys: { reason: null } });
});

test("nobody renews a lease: the sessions end by themselves, and come back as they were", async () => {
  const owner = await world.ownerOf(business);
  const written = owner.output.length;
  await world.product.end();
  await until(() => owner.output.slice(written).some((line) => line.includes("ran out")));
  const customer = stranger();
  await customer.writes(business.phone, "יש מישהו?", { offline: true });
  await world.product.start();
  await stored(customer.number, ["יש מישהו?"]);
  await serves(await world.ownerOf(business));
});

test("a gateway that ends in order hands its businesses over at once", async () => {
  const before = await world.ownerOf(business);
  expect(await before.stop()).toBe(0);
  const released = await world.leaseOf(business);
  expect(released!.url !== before.url || !released!.runs).toBe(true);
  await serves(await world.ownerOf(business, before));
});

test("nobody had anything to complain of", () => {
  expect(world.wa.violations).toEqual([]);
});
