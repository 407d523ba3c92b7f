import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_SETTINGS } from "@agentlocator/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestBackend } from "../../../test/http.ts";
import type { TestBackend } from "../../../test/http.ts";
import { createSigner } from "../../platform/signer.ts";
import { createPrompts } from "../prompts/index.ts";
import type { CallPlan } from "./call-plan.ts";
import { createPlayedGreetings } from "./greeting-route.ts";

const PUBLIC = "https://phone.example";
const recorded = Buffer.alloc(1600, 0x7f);
const settings = {
  ...DEFAULT_SETTINGS,
  greeting: "שלום",
  timezone: "UTC",
  language: "he",
} as const;
const plan = {
  business: { id: 7 },
  settings,
  greeting_key: "k",
  greeting_audio: recorded,
} as unknown as CallPlan;

let data_dir: string;
let backend: TestBackend;
let base: string;
let away = false;
let address: string;
beforeAll(async () => {
  data_dir = await mkdtemp(join(tmpdir(), "greeting-"));
  backend = await createTestBackend();
  const { log, clock } = backend;
  const greetings = createPlayedGreetings({
    log,
    plans: {
      byNumber: async () => plan,
      async byBusiness() {
        if (away) throw new Error("the database is away");
        return plan;
      },
    },
    prompts: createPrompts({ env: { DATA_DIR: data_dir } as never, log }),
    signer: createSigner("0123456789abcdef0123456789abcdef", clock),
    public_base_url: PUBLIC,
  });
  base = await backend.serve(greetings.routes, async () => null);
  address = greetings.address(plan).replace(PUBLIC, base);
});
afterAll(async () => {
  await backend.close();
  await rm(data_dir, { recursive: true, force: true });
});

test("the address gives the greeting of its business, for ten minutes and to nobody who guesses", async () => {
  const answer = await fetch(address);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("Content-Type")).toBe("audio/wav");
  const [body, mac] = address.split("/").at(-1)!.split(".") as [string, string];
  const other = Buffer.from(JSON.stringify([9_999_999_999, 8])).toString("base64url");
  for (const token of [`${other}.${mac}`, `${body}.`, body, "x.y", `${body}.${mac}.z`]) {
    const { status } = await fetch(`${base}/static/tts/greeting/${token}`);
    expect(status, token).toBe(404);
  }
  backend.clock.advance(11 * 60_000);
  expect((await fetch(address)).status).toBe(404);
  backend.clock.advance(-11 * 60_000);
});

test("while the database is away the caller hears the product's own greeting, not an error", async () => {
  away = true;
  const answer = await fetch(address);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("Content-Type")).toBe("audio/mpeg");
  expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(1000);
  expect(backend.logged.some(({ level }) => level === "error")).toBe(true);
});
