import { afterAll, beforeAll, expect, test } from "vitest";
import { ADMIN, PASSWORD } from "../../../test/people.ts";
import { createOutboxWorld } from "../../../test/outbox.ts";
import type { OutboxWorld } from "../../../test/outbox.ts";
import { afterRestore } from "./index.ts";

const MADE_AT = "2026-11-20T00:30:00Z";

let world: OutboxWorld;
beforeAll(async () => {
  world = await createOutboxWorld();
  await world.channel("open");
});
afterAll(() => world.close());

const restored = () => afterRestore(world.url, MADE_AT, world.log);

test("a restored database goes on without repeating what was done since", async () => {
  const customer = world.number();
  const thread = await world.writes(customer);
  const settled = await world.send(customer, { text: "נשלחה לפני הגיבוי" });
  await world.look(thread);
  const sent_before = world.gateway.sends.length;
  const { body } = await world.send(customer, { text: "חיכתה בזמן הגיבוי" });

  await restored();
  await restored();
  await world.look(thread);
  await world.run("sweep_outbox");
  expect(world.gateway.sends).toHaveLength(sent_before);
  expect(await world.message(body.message.id)).toMatchObject({ status: "held" });
  expect((await world.message(settled.body.message.id)).status).not.toBe("held");

  // Who was signed in then may have been signed out since.
  expect((await world.owner.get("/api/notifications")).status).toBe(401);
  await world.owner.login("owner1@business.example", PASSWORD);
  const kinds = (await world.bells()).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === "restored")).toHaveLength(1);
  expect(kinds).toContain("message_stuck");
  await world.admin.login(ADMIN.email, ADMIN.password);
  expect((await world.admin.get("/api/admin/notifications")).body.items).toMatchObject([
    { kind: "restored" },
  ]);

  // A number that was given out since then means something else outside.
  const next = await world.send(customer, { text: "חדשה" });
  expect(next.body.message.id).toBeGreaterThan(body.message.id + 1000);

  await world.owner.post(`/api/messages/${body.message.id}/retry`, {});
  await world.look(thread);
  expect((await world.message(body.message.id)).status).not.toBe("held");
  expect(world.gateway.sends.length).toBeGreaterThan(sent_before);
});
