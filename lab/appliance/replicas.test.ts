import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Message, Thread } from "@agentlocator/contract";
import { call } from "../e2e/caller.ts";
import { clerk } from "../e2e/clerk.ts";
import { eventually } from "../e2e/eventually.ts";
import { openBrowser } from "../e2e/live-events.ts";
import { leavesMessage } from "../e2e/message-left.ts";
import { Appliance, BUILD_MS, whyNot } from "./engine.ts";
import { whileKnocking } from "./knocking.ts";
import { replicas, whoSaid } from "./replica.ts";
import { Telephone } from "./telephone.ts";

const greeting = "שלום, איך אפשר לעזור?";
let appliance: Appliance;
let telephone: Telephone;

const up = (...args: string[]) =>
  appliance.must("docker", "compose", "up", "--detach", "--wait", "--no-recreate", ...args);

describe.skipIf(whyNot())("two backends behind the proxy", () => {
  beforeAll(async () => {
    appliance = await Appliance.copy("agentlocator-replicas");
    telephone = await Telephone.install(appliance, { BACKEND_REPLICAS: "2" });
  }, BUILD_MS);
  afterAll(async () => {
    await telephone?.stop();
    await appliance?.remove();
  }, 120_000);

  test("a call's webhook and its socket land on different ones; every browser hears of it", async () => {
    const business = await telephone.addBusiness({ greeting }, clerk());
    const open = () => openBrowser(appliance.address, business.credentials);
    const browsers = await Promise.all(Array.from({ length: 6 }, open));
    onTestFinished(() => browsers.forEach((browser) => browser.close()));
    const callers = Array.from({ length: 6 }, (_, n) =>
      call(telephone, business, { from: `+97250123400${n}` }),
    );
    await Promise.all(
      callers.map(async ({ line }) => {
        await line.hears({ quiet_ms: 500, timeout_ms: 20_000 });
        const { ended_at } = await line.say("opening_hours");
        await line.hears({ since: ended_at });
        for (const browser of browsers) {
          await browser.waitFor(({ name, ref }) => name === "call" && ref.call_sid === line.sid);
        }
        line.hangUp();
        await line.ended;
      }),
    );
    const webhook = await whoSaid(appliance, "new call started");
    const socket = await whoSaid(appliance, "first user audio detected");
    const sids = callers.map(({ line }) => line.sid);
    expect(sids.filter((sid) => !socket.has(sid))).toEqual([]);
    expect(sids.some((sid) => webhook.get(sid) !== socket.get(sid))).toBe(true);
    for (const caller of callers) {
      const stored = await caller.stored(({ status }) => status === "completed");
      expect(stored.ledger.fallback_reason).toBeNull();
    }
    expect(telephone.twilio.violations).toEqual([]);
    expect(telephone.openai.violations).toEqual([]);
  }, 90_000);

  test("jobs run once: each customer who writes gets one answer", async () => {
    const business = await telephone.addBusiness({ whatsapp_provider: "twilio" });
    const people = Array.from({ length: 12 }, (_, n) => `+9725440000${String(n).padStart(2, "0")}`);
    await Promise.all(
      people.map(async (from) => {
        const { answer } = await telephone.twilio.whatsapp.receive({
          ...{ from, to: business.phone_number, body: "מה שעות הפתיחה?" },
        });
        expect(answer.status).toBe(204);
      }),
    );
    const sentTo = (from: string) =>
      telephone.twilio.whatsapp.sent.filter(({ params }) => params.To === `whatsapp:${from}`);
    await eventually(
      async () => people.filter((from) => sentTo(from).length > 0).length,
      (answered) => answered === people.length,
      30_000,
    );
    const { items: threads } = await business.owner.get<{ items: Thread[] }>(
      "/api/threads?type=whatsapp&limit=50",
    );
    expect(threads).toHaveLength(people.length);
    const answers = await Promise.all(
      threads.map(async ({ id }) => {
        const page = await eventually(
          () => business.owner.get<{ items: Message[] }>(`/api/threads/${id}/messages`),
          ({ items }) => items.some(({ author }) => author === "agent"),
        );
        return page.items.filter(({ author }) => author === "agent").length;
      }),
    );
    expect(answers).toEqual(people.map(() => 1));
    expect(people.map((from) => sentTo(from).length)).toEqual(people.map(() => 1));
  }, 90_000);

  test("the one that carries the call is killed: the other one rescues who talks and who waits", async () => {
    const [talking, waiting] = await Promise.all([
      telephone.addBusiness({ greeting }),
      telephone.addBusiness({ greeting }),
    ]);
    const live = call(telephone, talking);
    await live.hearsOut(greeting);
    const { ended_at } = await live.line.say("opening_hours");
    await live.line.hears({ since: ended_at });
    const carrying = (await replicas(appliance)).find(({ calls }) => calls === 1)!;
    // Some of them were answered by the container that is to die.
    const unopened = ["01", "02", "03"].map((n) =>
      call(telephone, waiting, { from: `+9725012350${n}`, faults: { never_opens: true } }),
    );
    for (const { line } of unopened) await line.waitFor("stream_withheld");
    const statuses = await whileKnocking(appliance.address, async () => {
      process.kill(carrying.pid, "SIGKILL");
      await live.line.waitFor("stream_closed_by_server");
      await leavesMessage(telephone, talking, live, "stream_lost");
      await Promise.all(
        unopened.map((caller) => leavesMessage(telephone, waiting, caller, "stream_never_started")),
      );
    });
    expect(statuses).toEqual(new Set([204]));
    const back = await eventually(
      () => replicas(appliance),
      (all) => all.length === 2 && all.every(({ calls }) => calls !== null),
      60_000,
    );
    expect(back.map(({ id }) => id)).toContain(carrying.id);
  }, 150_000);

  test("the proxy follows replicas that come and go, and misses none of the webhooks", async () => {
    const statuses = await whileKnocking(appliance.address, async () => {
      await up("--scale", "backend=3", "backend");
      // Longer than the proxy keeps an address.
      await sleep(3_000);
      await up("--scale", "backend=1", "backend");
      await sleep(3_000);
    });
    expect(await replicas(appliance)).toHaveLength(1);
    expect(statuses).toEqual(new Set([204]));
  }, 120_000);

  test.each([
    ["is started again", () => appliance.must("docker", "compose", "restart", "backend")],
    ["is killed", async () => process.kill((await replicas(appliance))[0]!.pid, "SIGKILL")],
  ])(
    "the only backend %s: webhooks wait for it",
    async (_, end) => {
      const statuses = await whileKnocking(appliance.address, async () => {
        await end();
        await eventually(
          async () => (await fetch(`${appliance.address}/healthz`)).status,
          (status) => status === 200,
          60_000,
        );
      });
      expect(statuses).toEqual(new Set([204]));
    },
    120_000,
  );
});
