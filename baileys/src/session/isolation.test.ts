import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WhatsAppSim } from "../../../lab/sim/whatsapp/index.ts";
import { Hearing, pair, runGateway } from "../../test/running-gateway.ts";
import type { Running } from "../../test/running-gateway.ts";
import { openBusiness } from "../storage/index.ts";

let wa: WhatsAppSim;
let undo: () => void;
let running: Running;
let hearing: Hearing;
const owners: ReturnType<WhatsAppSim["phone"]>[] = [];

/** Businesses whose key store never answers. */
const stalled = new Set<number>();

const openStorage: typeof openBusiness = async (options) => {
  const storage = await openBusiness(options);
  return {
    ...storage,
    async openAuth(fresh) {
      const vault = await storage.openAuth(fresh);
      const get: typeof vault.keys.get = (type, ids) =>
        stalled.has(options.businessId) ? new Promise(() => {}) : vault.keys.get(type, ids);
      return { ...vault, keys: { ...vault.keys, get } };
    },
  };
};

beforeAll(async () => {
  wa = await new WhatsAppSim().start();
  undo = wa.trusted();
  hearing = await new Hearing().start();
  const dir = await mkdtemp(join(tmpdir(), "gateway-"));
  running = await runGateway({ url: wa.url, hearing, dir, timing: { deaf: 2000 }, openStorage });
  for (const id of [1, 2, 3]) {
    const phone = wa.phone(`+97250555000${id}`, { name: `Business ${id}` });
    owners[id] = phone;
    await pair(running, id, phone);
  }
});

afterAll(async () => {
  await running.stop();
  await rm(running.dir, { recursive: true, force: true });
  await wa.stop();
  hearing.stop();
  undo();
  expect(wa.violations).toEqual([]);
});

/** A customer writes and is answered by this business, and by no other. */
async function serves(id: number, customer: ReturnType<WhatsAppSim["customer"]>): Promise<void> {
  const phone = owners[id]!;
  const wrote = await customer.writes(phone, `to ${id}`);
  expect(await hearing.message(wrote)).toMatchObject({ business_id: id, text: `to ${id}` });
  const sent = await running.send(id, customer.jid, { text: `from ${id}` });
  expect(await customer.next()).toMatchObject({ id: sent, from: phone.number, text: `from ${id}` });
  expect(await hearing.receipt(sent, "delivered")).toMatchObject({ business_id: id });
}

test("one customer of two businesses, at once, without mixing", async () => {
  const dana = wa.customer("972526660001");
  await serves(1, dana);
  await serves(2, dana);
  const { sessions } = (await running.ask("GET", "/health")).body;
  expect(sessions).toMatchObject([1, 2, 3].map((businessId) => ({ businessId, connected: true })));
});

test("the same key in two businesses is two messages", async () => {
  const one = wa.customer("972526660002");
  await serves(1, one);
  await serves(2, one);
  const sent = [];
  for (const id of [1, 2]) sent.push(await running.send(id, one.jid, { idempotencyKey: "same" }));
  expect(new Set(sent).size).toBe(2);
  await Promise.all(sent.map((id) => hearing.receipt(id, "delivered")));
});

test("a storage that does not answer in one does not stop another, nor lose a message", async () => {
  stalled.add(2);
  const id = await wa.customer("972526660003").writes(owners[2]!, "to the stuck one");
  await serves(1, wa.customer("972526660004"));
  const deaf = hearing.first((event) => event.event === "connection" && event.reason === "deaf");
  expect(await deaf).toMatchObject({ business_id: 2, state: "close" });
  stalled.delete(2);
  expect(await hearing.message(id)).toMatchObject({ business_id: 2 });
  await running.until(2, ({ connected }) => connected);
});

test("a logout of one is no affair of the others", async () => {
  owners[3]!.logoutDevice();
  await running.until(3, ({ state }) => state === "logout");
  await serves(1, wa.customer("972526660005"));
  await serves(2, wa.customer("972526660006"));
});

test("a restart resumes who was connected, and leaves who was logged out", async () => {
  await running.stop();
  running = await runGateway({ url: wa.url, hearing, dir: running.dir });
  await running.until(1, ({ connected }) => connected);
  await running.until(2, ({ connected }) => connected);
  expect(await running.session(3)).toMatchObject({ state: "logout", reason: "logged_out" });
  expect(owners[1]!.companions.size).toBe(1);
  await serves(1, wa.customer("972526660007"));
});

test("the storage belongs to one process", async () => {
  const second = await runGateway({ url: wa.url, hearing, dir: running.dir });
  const refused = await second.until(1, ({ detail }) => detail !== null);
  expect(refused).toMatchObject({ connected: false, detail: expect.stringContaining("in use") });
  expect((await running.session(1)).connected).toBe(true);
  // It takes over when the first one is gone.
  await running.stop();
  await second.until(1, ({ connected }) => connected);
  running = second;
});

test("a damaged pairing is told and kept, not replaced, until a person pairs anew", async () => {
  await running.stop();
  const auth = join(running.dir, "business_2", "auth");
  for (const name of await readdir(auth)) await writeFile(join(auth, name), "damaged");
  running = await runGateway({ url: wa.url, hearing, dir: running.dir });
  const broken = await running.until(2, ({ reason }) => reason !== null);
  expect(broken).toMatchObject({ state: "close", reason: "quarantined", nextRetryAt: null });
  expect(broken.detail).toContain("creds");
  expect(await running.session(1)).toMatchObject({ state: expect.not.stringMatching("logout") });
  await pair(running, 2, owners[2]!);
  await serves(2, wa.customer("972526660008"));
});
