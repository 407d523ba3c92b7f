import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { foreignKeys } from "../../../../test/every-table.ts";
import { pendingJobs } from "../../../../test/pending-jobs.ts";
import { createWhatsappWorld, waId } from "../../../../test/whatsapp.ts";
import type { WhatsappWorld } from "../../../../test/whatsapp.ts";
import { findOrCreateContact } from "../../contacts/index.ts";
import { findOrCreateCallThread } from "../../conversations/index.ts";
import { TABLES_WITH_CONTACT } from "./merge-contact.ts";
import { TABLES_WITH_THREAD } from "./merge-threads.ts";

const PHONE = "+972501234567";
const BY_PHONE = { from: "972501234567", remote_jid: "972501234567@s.whatsapp.net", lid: null };
const BY_LID = { from: "", remote_jid: "777000111@lid", lid: "777000111@lid" };
const BY_BOTH = { ...BY_LID, from: "972501234567" };

let world: WhatsappWorld;
let id: number;

beforeAll(async () => {
  world = await createWhatsappWorld();
});
afterAll(() => world?.close());
beforeEach(async () => {
  id = (await world.business()).id;
});

const tell = async (more: object) => {
  const message = { business_id: id, id: waId(), push_name: null, text: "שלום", ...more };
  const { status, text } = await world.fromGateway(message);
  expect(status, text).toBe(204);
};
const inBusiness: WhatsappWorld["db"]["inBusiness"] = (business_id, run) =>
  world.db.inBusiness(business_id, run);
const contacts = () =>
  world.rows<{ id: number; phone: string | null; whatsapp_lid: string | null; name: string }>(
    id,
    "contacts",
  );
const audited = async () => {
  const all = await world.rows<{ action: string; subject: string; detail: object }>(
    id,
    "audit_log",
  );
  return all.filter(({ action }) => action.startsWith("contact."));
};

test("whoever called and then writes is the same contact, in a thread of its own kind", async () => {
  await inBusiness(id, async (tx) => {
    const { id: contact_id } = await findOrCreateContact(tx, { phone: PHONE, name: "דנה" });
    await findOrCreateCallThread(tx, { peer_number: PHONE, contact_id });
  });
  await tell(BY_PHONE);
  const [contact, ...others] = await contacts();
  expect(others).toEqual([]);
  const threads = await world.threads(id);
  expect(threads.map(({ type, contact_id }) => [type, contact_id])).toEqual([
    ["call", contact!.id],
    ["whatsapp", contact!.id],
  ]);
});

test("a contact known by its LID gets its phone when that is told", async () => {
  await tell(BY_LID);
  expect(await world.threads(id)).toMatchObject([{ peer_number: BY_LID.lid }]);
  await tell(BY_BOTH);
  expect(await contacts()).toMatchObject([{ phone: PHONE, whatsapp_lid: BY_LID.lid }]);
  expect(await world.threads(id)).toMatchObject([{ peer_number: PHONE, unread_count: 2 }]);
  expect(await audited()).toEqual([]);
});

test("two contacts that turn out to be one are merged with everything of theirs, and audited", async () => {
  await tell({ ...BY_PHONE, text: "בטלפון" });
  await tell({ ...BY_LID, text: "בלי מספר", push_name: "דנה" });
  const [kept, gone] = await contacts();
  const [first, second] = await world.threads(id);
  await inBusiness(id, async ({ trx }) => {
    const own = { business_id: id, contact_id: gone!.id, thread_id: second!.id };
    const calendar = await trx("calendars").first("id");
    const slot = { starts_at: "2027-01-03T10:00:00Z", ends_at: "2027-01-03T11:00:00Z" };
    const calendar_id = calendar.id;
    await trx("appointments").insert({ ...own, calendar_id, ...slot, source: "whatsapp" });
    await trx("tasks").insert({ ...own, title: "לחזור" });
    const called = { tool_call_id: "c1", name: "x", arguments: "{}", result: "{}" };
    await trx("tool_calls").insert({ business_id: id, thread_id: second!.id, ...called });
    const numbers = { from_number: "", to_number: "+97236000001", ledger: "{}" };
    await trx("calls").insert({ ...own, call_sid: `CA${"7".repeat(32)}`, ...numbers });
    await trx("threads").where("id", second!.id).update({ pending_slot: '{"starts_at":"x"}' });
    await trx("contacts").where("id", gone!.id).update({ opted_out_at: "2026-01-01T00:00:00Z" });
  });
  await tell({ ...BY_BOTH, text: "גם וגם" });

  expect(await contacts()).toMatchObject([
    { id: kept!.id, name: "דנה", phone: PHONE, whatsapp_lid: BY_LID.lid },
  ]);
  expect(await world.threads(id)).toMatchObject([
    {
      ...{ id: first!.id, contact_id: kept!.id, peer_number: PHONE, unread_count: 3 },
      pending_slot: { starts_at: "x" },
    },
  ]);
  expect((await world.messages(id)).map(({ text, thread_id }) => [text, thread_id])).toEqual(
    ["בטלפון", "בלי מספר", "גם וגם"].map((text) => [text, first!.id]),
  );
  for (const table of ["appointments", "tasks", "calls"]) {
    expect(await world.rows(id, table), table).toMatchObject([
      { contact_id: kept!.id, thread_id: first!.id },
    ]);
  }
  expect(await world.rows(id, "tool_calls")).toMatchObject([{ thread_id: first!.id }]);
  expect(await audited()).toMatchObject([
    {
      action: "contact.merged",
      subject: `contact:${kept!.id}`,
      detail: { merged_contact_id: gone!.id, moved: { appointments: 1, tasks: 1, calls: 1 } },
    },
  ]);
  const [row] = await world.rows<{ opted_out_at: string }>(id, "contacts");
  expect(row!.opted_out_at).toBe("2026-01-01T00:00:00.000Z");
});

test("what the agent has not looked at stays to be looked at when threads become one", async () => {
  await tell({ ...BY_PHONE, text: "נענתה" });
  await tell({ ...BY_LID, text: "מחכה" });
  const [handled, waiting] = await world.messages(id);
  await inBusiness(id, ({ trx }) =>
    trx("messages").where("id", handled!.id).update({ handled_at: trx.fn.now() }),
  );
  const looks = async () =>
    (await pendingJobs(world.url, "whatsapp.answer")).find(
      ({ key }) => key === `answer:${handled!.thread_id}`,
    )!;
  const before = await looks();
  await tell({ ...BY_BOTH, from_me: true });
  const unhandled = await inBusiness(id, ({ trx }) =>
    trx("messages").where({ direction: "in", handled_at: null }).pluck("id"),
  );
  expect(unhandled).toEqual([waiting!.id]);
  expect((await looks()).run_at).not.toEqual(before.run_at);
});

test("webhooks of one customer under all its addresses at once end in one contact and one thread", async () => {
  const forms = [BY_PHONE, BY_LID, BY_BOTH];
  for (let round = 0; round < 3; round++) {
    await Promise.all(Array.from({ length: 12 }, (_, n) => tell({ ...forms[n % 3] })));
  }
  expect(await contacts()).toMatchObject([{ phone: PHONE, whatsapp_lid: BY_LID.lid }]);
  expect(await world.threads(id)).toMatchObject([{ peer_number: PHONE, unread_count: 36 }]);
  expect(new Set((await world.messages(id)).map(({ thread_id }) => thread_id)).size).toBe(1);
});

test("a merge and a call of the same customer do not stop each other", async () => {
  await tell(BY_LID);
  const call = () =>
    inBusiness(id, async (tx) => {
      const { id: contact_id } = await findOrCreateContact(tx, { phone: PHONE, name: "דנה" });
      return findOrCreateCallThread(tx, { peer_number: PHONE, contact_id });
    });
  await Promise.all([...Array(6)].flatMap(() => [call(), tell(BY_BOTH), tell(BY_LID)]));
  expect(await contacts()).toMatchObject([{ name: "דנה", phone: PHONE, whatsapp_lid: BY_LID.lid }]);
  expect(await world.threads(id)).toHaveLength(2);
});

test("two phones are two contacts: the LID goes where it was seen last", async () => {
  await tell({ ...BY_LID, from: "972500000001" });
  await tell({ ...BY_PHONE });
  await tell({ ...BY_BOTH });
  expect(await contacts()).toMatchObject([
    { phone: "+972500000001", whatsapp_lid: null },
    { phone: PHONE, whatsapp_lid: BY_LID.lid },
  ]);
  expect(await world.threads(id)).toMatchObject([
    { peer_number: "+972500000001", unread_count: 1 },
    { peer_number: PHONE, unread_count: 2 },
  ]);
});

test("a customer who changes the number stays the contact, and the change is audited", async () => {
  await tell({ ...BY_LID, from: "972500000001" });
  await tell(BY_BOTH);
  expect(await contacts()).toMatchObject([{ phone: PHONE, whatsapp_lid: BY_LID.lid }]);
  expect(await world.threads(id)).toMatchObject([{ peer_number: PHONE, unread_count: 2 }]);
  expect(await audited()).toMatchObject([
    { action: "contact.number_changed", detail: { from: "+972500000001", to: PHONE } },
  ]);
});

test("a thread of the number goes to the contact who has the number now", async () => {
  await tell(BY_PHONE);
  await inBusiness(id, ({ trx }) => trx("contacts").update({ phone: "+972500000009" }));
  await tell(BY_PHONE);
  const [, now] = await contacts();
  expect(await world.threads(id)).toMatchObject([{ contact_id: now!.id, unread_count: 2 }]);
});

test("the same customer of two businesses is two contacts", async () => {
  const other = (await world.business()).id;
  await tell(BY_BOTH);
  await tell({ ...BY_BOTH, business_id: other });
  expect(await contacts()).toHaveLength(1);
  expect(await world.rows(other, "contacts")).toHaveLength(1);
});

test("every table with a contact or a thread in it is moved", async () => {
  const keys = await world.db.inSystem(({ trx }) => foreignKeys(trx));
  const pointing = (target: string) =>
    keys.filter((key) => key.target === target).map(({ table }) => table);
  expect(pointing("contacts").toSorted()).toEqual(TABLES_WITH_CONTACT.toSorted());
  expect(pointing("threads").toSorted()).toEqual(TABLES_WITH_THREAD.toSorted());
});
