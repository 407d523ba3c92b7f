import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { expectProblem, type Browser } from "../../../test/browser.ts";
import { createPeople, type TestPeople } from "../../../test/people.ts";
import { findOrCreateContact } from "../contacts/index.ts";
import { conversationRoutes } from "./routes.ts";
import { addMessage, findOrCreateCallThread, findOrCreateThread } from "./service.ts";

let world: TestPeople;
let api: Browser;
let ours: number;
let theirs: number;

beforeAll(async () => {
  world = await createPeople({ routes: conversationRoutes });
  const business = await world.business();
  [api, ours] = [business.owner, business.id];
  theirs = (await world.business()).id;
});
afterAll(() => world.close());
beforeEach(() =>
  world.db.inSystem(async ({ trx }) => {
    await trx("threads").delete();
    await trx("contacts").delete();
    await trx("events").delete();
  }),
);

const chat = (peer_number: string, business_id = ours) =>
  world.db.inBusiness(business_id, (tx) =>
    findOrCreateThread(tx, {
      type: "whatsapp",
      provider: "baileys",
      peer_number,
      contact_id: null,
    }),
  );
const call = (peer_number: string) =>
  world.db.inBusiness(ours, (tx) => findOrCreateCallThread(tx, { peer_number, contact_id: null }));
const receive = (thread_id: number, text: string, provider_msg_id: string | null = null) =>
  world.db.inBusiness(ours, (tx) =>
    addMessage(tx, {
      ...{ thread_id, text, provider_msg_id },
      ...{ direction: "in", author: "customer", provider: "baileys", status: "received" },
    }),
  );

test("a peer has one thread of a kind, a withheld number has one each time", async () => {
  const all = await Promise.all(Array.from({ length: 6 }, () => chat("+972501234567")));
  expect(new Set(all).size).toBe(1);
  expect(await call("+972501234567")).not.toBe(all[0]);
  expect(await call("")).not.toBe(await call(""));
});

test("a closed thread opens again when the peer writes", async () => {
  const id = await chat("+972501234567");
  await api.patch(`/api/threads/${id}`, { status: "closed" });
  expect((await api.get("/api/threads?status=closed")).body.items).toMatchObject([{ id }]);
  expect(await chat("+972501234567")).toBe(id);
  expect((await api.get(`/api/threads/${id}`)).body.status).toBe("open");
});

test("the inbox is sorted by the latest message, filtered, searched and walked", async () => {
  const [first, second] = [await chat("+972501111111"), await chat("+972502222222")];
  const third = await call("+972503333333");
  await receive(first, "שלום");
  const ids = async (query: string) => {
    const { body } = await api.get(`/api/threads?${query}`);
    return body.items.map(({ id }: { id: number }) => id);
  };
  expect(await ids("")).toEqual([first, third, second]);
  expect(await ids("type=whatsapp")).toEqual([first, second]);
  expect(await ids("q=2222")).toEqual([second]);
  expect(await ids("q=050-222")).toEqual([second]);
  const page = (await api.get("/api/threads?limit=2")).body;
  expect(await ids(`limit=2&cursor=${page.next_cursor}`)).toEqual([second]);
  for (const cursor of ["1", "a.b", "1.1.1", "99999999999999999.1"]) {
    expectProblem(await api.get(`/api/threads?cursor=${cursor}`), 400, "bad_cursor");
  }
  expect(await ids("cursor=-9999999999999999.999999999999999")).toEqual([]);
  expectProblem(await api.get("/api/threads?type=fax"), 400, "invalid_input");
});

test("the inbox finds what was written, but nothing that was deleted or is another business's", async () => {
  const [first, second] = [await chat("+972501111111"), await chat("+972502222222")];
  await receive(first, `${"מילים ".repeat(20)}אפשר לקבוע תור לבלונד? 100% חשוב`);
  await receive(first, "תודה");
  await receive(second, "Blond או ברונט");
  const found = async (q: string) => {
    const { body } = await api.get(`/api/threads?q=${encodeURIComponent(q)}`);
    return body.items.map((item: { id: number; found: string }) => [item.id, item.found]);
  };
  const [[id, text], ...others] = await found("לבלונד");
  expect([id, others]).toEqual([first, []]);
  expect(text).toMatch(/^….{20,40}לבלונד\? 100% חשוב$/);
  expect(await found("BLOND")).toEqual([[second, "Blond או ברונט"]]);
  expect(await found("0% ח")).toHaveLength(1);
  expect(await found("1%ח")).toEqual([]);
  expect(await found("2222")).toEqual([[second, null]]);
  const other = await world.business();
  expect((await other.owner.get("/api/threads?q=Blond")).body.items).toEqual([]);
  await world.db.inBusiness(ours, ({ trx }) =>
    trx("messages").where("thread_id", second).update({ deleted_at: trx.fn.now() }),
  );
  expect(await found("BLOND")).toEqual([]);
});

test("a line of the inbox shows the latest message, or the latest call", async () => {
  const id = await chat("+972501234567");
  await receive(id, "ראשונה");
  await receive(id, "אחרונה");
  const called = await call("+972501234567");
  await world.db.inBusiness(ours, ({ trx }) =>
    trx("calls").insert(
      ["CA1", "CA2"].map((sid) => ({
        ...{ business_id: ours, call_sid: sid + "0".repeat(29), thread_id: called },
        ...{ from_number: "+972501234567", to_number: "+97236000001", ledger: "{}" },
      })),
    ),
  );
  const { items } = (await api.get("/api/threads")).body;
  expect(items).toMatchObject([
    { id: called, last_message: null, last_call: { call_sid: `CA2${"0".repeat(29)}` } },
    { id, last_message: { text: "אחרונה", direction: "in" }, last_call: null },
  ]);
  expect(items[1].last_message).toMatchObject({ status: "received", deleted_at: null });
});

test("the inbox shows what waits for somebody, and who can take it", async () => {
  const [first, second] = [await chat("+972501111111"), await chat("+972502222222")];
  await receive(first, "שלום");
  const ids = async (query: string) =>
    (await api.get(`/api/threads?${query}`)).body.items.map(({ id }: { id: number }) => id);
  expect(await ids("unread=true")).toEqual([first]);
  expect(await ids("unread=false")).toEqual([second]);
  const [assignee] = (await api.get("/api/assignees")).body;
  expect(assignee).toEqual({ id: expect.any(Number), name: expect.stringMatching(/^Owner/) });
  await api.patch(`/api/threads/${second}`, { assigned_to: assignee.id });
  expect(await ids(`assigned_to=${assignee.id}`)).toEqual([second]);
});

test("threads that moved in the same millisecond are all walked", async () => {
  const made = [];
  for (let i = 0; i < 5; i += 1) made.push(await chat(`+97250000000${i}`));
  await world.db.inSystem(({ trx }) =>
    trx("threads").update({
      last_message_at: trx.raw("'2026-11-24 10:00:00Z'::timestamptz + id * interval '1 us'"),
    }),
  );
  const seen: number[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const query: string = cursor && `&cursor=${cursor}`;
    const { body } = await api.get(`/api/threads?limit=2${query}`);
    seen.push(...body.items.map(({ id }: { id: number }) => id));
    cursor = body.next_cursor;
  }
  expect(seen).toEqual(made.toReversed());
});

test("a thread is titled by its contact, else by its number", async () => {
  const id = await world.db.inBusiness(ours, async (tx) => {
    const contact = await findOrCreateContact(tx, { phone: "+972501234567", name: "דנה" });
    const peer = { peer_number: "+972501234567", contact_id: contact.id };
    return findOrCreateCallThread(tx, peer);
  });
  expect((await api.get(`/api/threads/${id}`)).body).toMatchObject({
    title: "דנה",
    type: "call",
    peer_number: "+972501234567",
    pending_slot: null,
  });
  expect((await api.get("/api/threads?q=דנה")).body.items).toHaveLength(1);
  expect((await api.get(`/api/threads/${await chat("+972507654321")}`)).body.title).toBe(
    "+972507654321",
  );
});

test("messages are stored once, counted until read, and walked from the latest", async () => {
  const id = await chat("+972501234567");
  await receive(id, "א", "m1");
  await receive(id, "ב", "m2");
  expect(await receive(id, "ב", "m2")).toBeNull();
  const thread = (await api.get(`/api/threads/${id}`)).body;
  expect(thread).toMatchObject({ unread_count: 2, last_inbound_at: thread.last_message_at });
  const path = `/api/threads/${id}/messages`;
  const first = (await api.get(`${path}?limit=1`)).body;
  expect(first.items).toMatchObject([{ text: "ב", direction: "in", reactions: [] }]);
  const second = (await api.get(`${path}?limit=1&cursor=${first.next_cursor}`)).body;
  expect(second.items).toMatchObject([{ text: "א" }]);
  expect((await api.post(`/api/threads/${id}/read`)).body.unread_count).toBe(0);
  const events = await world.db.inBusiness(ours, ({ trx }) => trx("events").pluck("name"));
  expect(events).toEqual(["thread", "message", "thread", "message", "thread", "thread"]);
});

test("a message comes with what it answers, its file and its key", async () => {
  const id = await chat("+972501234567");
  const asked = (await receive(id, "מתי אתם פתוחים?"))!;
  await world.db.inBusiness(ours, async (tx) => {
    const answer = await addMessage(tx, {
      ...{ thread_id: id, text: null, direction: "out", author: "user", provider: "baileys" },
      ...{ status: "queued", message_type: "document", reply_to_id: asked.id },
    });
    const row = { business_id: ours, message_id: answer!.id };
    const file = { source: "gateway", source_ref: "r", claimed_type: "application/pdf" };
    await tx.trx("media").insert({ ...row, ...file, file_name: "שעות.pdf", size: 900 });
    await tx.trx("outbox").insert({ ...row, idempotency_key: "k1", body_hash: "h" });
  });
  const [answer, question] = (await api.get(`/api/threads/${id}/messages`)).body.items;
  expect(answer).toMatchObject({
    quoted: { id: asked.id, author: "customer", text: "מתי אתם פתוחים?" },
    media: { file_name: "שעות.pdf", content_type: "application/pdf", size: 900, voice: false },
    idempotency_key: "k1",
  });
  expect(question).toMatchObject({ quoted: null, media: null, idempotency_key: null });
});

test("a thread is assigned, and its AI paused and given back", async () => {
  const id = await chat("+972501234567");
  const { user } = (await api.get("/api/auth/me")).body;
  const ai_paused_until = "2026-11-24T10:00:00.000Z";
  const path = `/api/threads/${id}`;
  const paused = await api.patch(path, { assigned_to: user.id, ai_paused_until });
  expect(paused.body).toMatchObject({ assigned_to: user.id, ai_paused_until });
  const back = await api.patch(path, { ai_paused_until: null });
  expect(back.body).toMatchObject({ assigned_to: user.id, ai_paused_until: null });
  expectProblem(await api.patch(path, { unread_count: 9 }), 400, "invalid_input");
  expectProblem(await api.patch(path, { assigned_to: 999_999 }), 404, "not_found");
});

test("the API shows a pending slot when it has a time", async () => {
  const id = await chat("+972501234567");
  const set = (slot: object) =>
    world.db.inBusiness(ours, ({ trx }) =>
      trx("threads")
        .where({ id })
        .update({ pending_slot: JSON.stringify(slot) }),
    );
  const expires_at = "2026-11-24T10:00:00.000Z";
  await set({ date: "2026-11-24", starts_at: null, proposed_at: expires_at, expires_at });
  expect((await api.get(`/api/threads/${id}`)).body.pending_slot).toBeNull();
  await set({ starts_at: expires_at, ends_at: expires_at, title: "x", expires_at });
  const shown = (await api.get(`/api/threads/${id}`)).body.pending_slot;
  expect(shown).toEqual({ starts_at: expires_at, expires_at });
  await set({ starts_at: "soon", expires_at: 7 });
  expect((await api.get(`/api/threads/${id}`)).body.pending_slot).toBeNull();
});

test("another business's thread is not there", async () => {
  const id = await chat("+972501234567", theirs);
  expect((await api.get("/api/threads")).body.items).toEqual([]);
  expectProblem(await api.get(`/api/threads/${id}`), 404, "not_found");
  expectProblem(await api.get(`/api/threads/${id}/messages`), 404, "not_found");
  expectProblem(await api.post(`/api/threads/${id}/read`), 404, "not_found");
  expectProblem(await api.patch(`/api/threads/${id}`, { status: "closed" }), 404, "not_found");
});
