import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signIn } from "../demo/api.ts";
import type { Session } from "../demo/api.ts";
import { eventually, until } from "../e2e/eventually.ts";
import type { TestBusiness } from "../e2e/product.ts";
import { isOpen, messagesOf, pair, statusOf } from "../e2e/whatsapp.ts";
import { WhatsAppSim } from "../sim/whatsapp/index.ts";
import { BUILD_MS } from "./engine.ts";
import { docker, Swarm, whyNoSwarm } from "./swarm.ts";

const reason = whyNoSwarm();
if (reason) process.stdout.write(`The swarm is not tried: ${reason}.\n`);

const ADMIN = { email: "agency@example.com", name: "Agency", password: "agency-password" };
const OWNER = { email: "owner@example.com", name: "Owner", password: "owner-password" };
const LONG = 60_000;

let wa: WhatsAppSim;
let swarm: Swarm;
let owner: Session;
const business = () => ({ owner }) as unknown as TestBusiness;
const phone = () => wa.phone("+972525550001");

async function ask(path: string, body?: object): Promise<Response> {
  return fetch(`http://127.0.0.1:${swarm.port}${path}`, {
    ...(body && { method: "POST", body: JSON.stringify(body) }),
    headers: { "Content-Type": "application/json" },
  });
}
const lease = async () => {
  const [url = "", epoch = ""] = (await swarm.sql("select url, epoch from gateway_leases")).split(
    "|",
  );
  return { url, epoch: Number(epoch) };
};
const texts = async () => (await messagesOf(business())).map(({ text }) => text);

describe.skipIf(reason)("a swarm of one node", () => {
  beforeAll(async () => {
    wa = await new WhatsAppSim().start({ everywhere: true });
    swarm = await Swarm.deploy(Number(new URL(wa.url).port));
    await swarm.ready({ backend: 2, baileys: 2, nginx: 1 });
  }, BUILD_MS);
  afterAll(async () => {
    await swarm?.remove();
    await wa?.stop();
  }, 120_000);

  test("serves through its proxy, and tells nobody outside who has which business", async () => {
    expect((await ask("/readyz")).status).toBe(200);
    expect((await ask("/internal/gateway-leases", {})).status).toBe(404);
    const [, token] = /setup\?token=([\w-]+)/.exec(await swarm.logs("backend"))!;
    expect((await ask("/api/setup", { token, ...ADMIN })).ok).toBe(true);
    const admin = await signIn(`http://127.0.0.1:${swarm.port}`, ADMIN);
    await admin.post("/api/admin/businesses", {
      ...{ name: "מספרת דנה", phone_number: "+97231234567", owner: OWNER },
      ...{ timezone: "Asia/Jerusalem", locale: "he" },
    });
    owner = await signIn(`http://127.0.0.1:${swarm.port}`, OWNER);
    await owner.patch("/api/settings", { ai_enabled_whatsapp: false });
  });

  test("connects WhatsApp at one of two gateways; the other goes on when that one is killed", async () => {
    await pair(business(), phone());
    const customer = wa.customer("+972548000001");
    await customer.writes(phone(), "לפני");
    await eventually(texts, (found) => found.length === 1);
    const before = await lease();

    const killed = performance.now();
    await docker("kill", await swarm.containerOf(before.url));
    await customer.writes(phone(), "בינתיים", { offline: true });
    const after = await eventually(lease, ({ epoch }) => epoch > before.epoch, LONG);
    const taken = performance.now() - killed;
    await eventually(texts, (found) => found.length === 2, LONG);
    const served = performance.now() - killed;
    process.stdout.write(
      `killed: lease taken after ${Math.round(taken)} ms, messages after ${Math.round(served)} ms\n`,
    );
    expect(after.url).not.toBe(before.url);
    await eventually(() => statusOf(business()), isOpen, LONG);
    expect(await texts()).toEqual(["לפני", "בינתיים"]);
  }, 180_000);

  test("an update in order hands over at once, and nobody is refused meanwhile", async () => {
    await swarm.ready({ baileys: 2 });
    const answers: number[] = [];
    let updating = true;
    // Not `/readyz`: who is about to end says there that it should be asked nothing more.
    const asking = (async () => {
      while (updating) answers.push((await ask("/version")).status);
    })();
    await Promise.all([swarm.update("backend"), swarm.update("baileys")]);
    updating = false;
    await asking;
    expect(answers.length).toBeGreaterThan(10);
    process.stdout.write(`${answers.length} requests during the update\n`);
    expect(answers.filter((status) => status !== 200)).toEqual([]);
    await swarm.ready({ backend: 2, baileys: 2 });
    await eventually(() => statusOf(business()), isOpen, LONG);
    const customer = wa.customer("+972548000002");
    await customer.writes(phone(), "אחרי");
    await eventually(texts, (found) => found.length === 3, LONG);
    const heard = () => swarm.sql("select state from whatsapp_channels");
    await eventually(heard, (state) => state === "open", LONG);
    await owner.post("/api/whatsapp/send", {
      ...{ to: `+${customer.number}`, text: "תודה", idempotency_key: "after" },
    });
    await until(() => customer.messages.items.length === 1);
    expect(wa.violations).toEqual([]);
  }, 300_000);
});
