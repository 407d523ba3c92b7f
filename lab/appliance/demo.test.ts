import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signIn } from "../demo/api.ts";
import { eventually } from "../e2e/eventually.ts";
import { Appliance, BUILD_MS, whyNot } from "./engine.ts";
import { trustOnSight } from "./simulators/reach.ts";

const CALL_MS = 120_000;

let appliance: Appliance;
let printed: string;

describe.skipIf(whyNot())("the appliance's demo", () => {
  beforeAll(async () => {
    appliance = await Appliance.copy();
    printed = await appliance.install("--demo");
  }, BUILD_MS);
  afterAll(() => appliance?.remove(), 120_000);

  test("says whom to sign in as, and passes the smoke test with it", async () => {
    const [, email, password] = /^email: (.+)\npassword: (.+)$/m.exec(printed)!;
    Object.assign(appliance.env, { SMOKE_EMAIL: email, SMOKE_PASSWORD: password });
    const { code, stdout } = await appliance.run("scripts/smoke", appliance.address, "--insecure");
    expect(stdout).toContain("ok      sending: ");
    expect(stdout).toMatch(/^ok {6}media stream: audio\.twilio\.com$/m);
    expect(stdout).toContain("all passed");
    expect(code).toBe(0);
  });

  test(
    "a call is answered and its end is known",
    async () => {
      const query =
        "select count(*) from calls where status = 'completed' and ledger->'answers_ms'->0 is not null";
      const psql = ["psql", "-qtAU", "postgres", "-d", "agentlocator", "-c", query];
      const count = () => appliance.must("docker", "compose", "exec", "-T", "postgres", ...psql);
      await expect
        .poll(async () => Number(await count()), { timeout: CALL_MS, interval: 2_000 })
        .toBeGreaterThan(0);
    },
    CALL_MS + 10_000,
  );

  test("a customer who writes books an appointment, as the console tells through the proxy", async () => {
    const { SMOKE_EMAIL: email = "", SMOKE_PASSWORD: password = "" } = appliance.env;
    await trustOnSight()("localhost", appliance.https_port);
    const owner = await signIn(appliance.address, { email, password });
    const status = () => owner.get<{ baileys: { state: string } }>("/api/whatsapp/status");
    await eventually(status, ({ baileys }) => baileys.state === "open", CALL_MS);
    await owner.post("/api/demo/chat", {});
    const booked = () => owner.get<{ items: { source: string }[] }>("/api/appointments");
    const inWriting = ({ items }: { items: { source: string }[] }) =>
      items.some(({ source }) => source === "whatsapp");
    await eventually(booked, inWriting, CALL_MS);
  });

  test("does not become an installation in earnest by mistake", async () => {
    await expect(appliance.install()).rejects.toThrow(/of an installation with --demo/);
  });
});
