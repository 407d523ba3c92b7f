import { afterAll, beforeAll, expect, test } from "vitest";
import { expectProblem } from "../../../test/browser.ts";
import { createPeople } from "../../../test/people.ts";
import type { TestPeople } from "../../../test/people.ts";

let people: TestPeople;
beforeAll(async () => {
  people = await createPeople();
});
afterAll(() => people.close());

test("owners read their own business's log, page by page", async () => {
  const { owner } = await people.business();
  const other = await people.business();
  await other.owner.patch("/api/settings", { slot_minutes: 15 });
  for (const minutes of [20, 25, 30]) await owner.patch("/api/settings", { slot_minutes: minutes });
  const first = (await owner.get("/api/audit?limit=2")).body;
  expect(first.items).toHaveLength(2);
  const second = (await owner.get(`/api/audit?cursor=${first.next_cursor}`)).body;
  expect(second.next_cursor).toBeNull();
  const actions = [...first.items, ...second.items].map((item) => item.action);
  expect(actions).toEqual([
    ...Array(3).fill("settings.changed"),
    "auth.signed_in",
    "business.created",
  ]);
});

test("an agent of the business does not", async () => {
  const { owner } = await people.business();
  const agent = await people.user(owner, "agent", "curious@shop.example");
  expectProblem(await agent.browser.get("/api/audit"), 403, "not_allowed");
});

test("what was written can be changed by nobody", async () => {
  const { id } = await people.business();
  const change = { action: "nothing.happened" };
  const asBusiness = people.db.inBusiness(id, (tx) => tx.trx("audit_log").update(change));
  await expect(asBusiness).rejects.toThrow(/permission denied/);
  const asSystem = people.db.inSystem((tx) => tx.trx("audit_log").delete());
  await expect(asSystem).rejects.toThrow(/permission denied/);
});
