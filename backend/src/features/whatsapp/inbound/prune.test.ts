import { afterAll, beforeAll, expect, test } from "vitest";
import { createWhatsappWorld, waId } from "../../../../test/whatsapp.ts";
import type { WhatsappWorld } from "../../../../test/whatsapp.ts";

let world: WhatsappWorld;
beforeAll(async () => {
  world = await createWhatsappWorld();
});
afterAll(() => world?.close());

test("what came about messages that never did goes in the end, and nothing else", async () => {
  const { id } = await world.business();
  const tell = (more: object) =>
    world.fromGateway({ business_id: id, from: "972501234567", id: waId(), ...more });
  const target = waId();
  await tell({ id: target, text: "שלום" });
  await tell({ type: "reaction", target, text: "👍" });
  await tell({ type: "reaction", target: waId(), text: "👍" });
  await tell({ event: "receipt", status: "read" });
  await tell({ business_id: id + 1 });
  const left = async () => {
    const { body } = await world.admin.get("/api/admin/webhooks-aside");
    const tables = ["message_changes", "early_receipts"];
    const rows = await Promise.all(tables.map((table) => world.rows(id, table)));
    return [...rows.map(({ length }) => length), body.items.length];
  };
  const prune = () => world.inbound.jobs.prune_whatsapp!({} as never, {} as never);
  await prune();
  expect(await left()).toEqual([2, 1, 1]);
  await world.db.inSystem(async ({ trx }) => {
    for (const table of ["message_changes", "early_receipts", "webhooks_aside"]) {
      await trx(table).update({ created_at: trx.raw("now() - interval '91 days'") });
    }
  });
  await prune();
  expect(await left()).toEqual([1, 0, 0]);
});
