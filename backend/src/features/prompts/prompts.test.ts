import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Koa from "koa";
import type { Context } from "koa";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GoogleTtsSim } from "../../../../lab/sim/google-tts/index.ts";
import { createPrompts } from "./index.ts";
import type { Prompts } from "./index.ts";
import { PROMPTS } from "./texts.ts";

let dir: string;
let google: GoogleTtsSim;
let server: Server | undefined;
const logged: string[] = [];
const log = pino({ level: "info" }, { write: (line: string) => void logged.push(line) });
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const credentials = JSON.stringify({
  type: "service_account",
  project_id: "test",
  client_email: "test@test.iam.gserviceaccount.com",
  private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
});

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "agentlocator-prompts-"));
  google = await new GoogleTtsSim().start();
  logged.length = 0;
});
afterEach(async () => {
  server?.close();
  server = undefined;
  await google.stop();
  await rm(dir, { recursive: true });
});

const withoutKey = () => createPrompts({ env: { DATA_DIR: dir }, log });
const withKey = (env = {}, retry_ms = { first: 60_000, longest: 60_000 }) =>
  createPrompts({
    env: {
      ...{ DATA_DIR: dir, GCP_CREDENTIALS_JSON: credentials, GOOGLE_TTS_ENDPOINT: google.endpoint },
      ...env,
    },
    log,
    retry_ms,
  });

async function serve(prompts: Prompts): Promise<string> {
  const app = new Koa().use((ctx, next) => prompts.middleware(ctx as unknown as Context, next));
  await new Promise<void>((listening) => {
    server = app.listen(0, "127.0.0.1", listening);
  });
  return `http://127.0.0.1:${(server!.address() as AddressInfo).port}/static/tts`;
}

/** The share of full scale, in dB, at which µ-law bytes sound. */
function levelOf(ulaw: Buffer): number {
  const samples = [...ulaw].map((byte) => {
    const bits = ~byte & 0xff;
    return ((((bits & 15) << 3) + 132) << ((bits >> 4) & 7)) - 132;
  });
  const power = samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length;
  return 10 * Math.log10(power / 32_768 ** 2);
}

describe("prompts on a fresh install, with no key", () => {
  it.each(["greeting_he", "fallback_he"])("serves %s.mp3 to GET and HEAD", async (name) => {
    const base = await serve(withoutKey());
    const got = await fetch(`${base}/${name}.mp3`);
    const audio = Buffer.from(await got.arrayBuffer());
    expect([got.status, got.headers.get("content-type")]).toEqual([200, "audio/mpeg"]);
    expect(audio[0] === 0xff || audio.toString("latin1", 0, 3) === "ID3").toBe(true);
    expect(audio.length).toBeGreaterThan(10_000);
    const head = await fetch(`${base}/${name}.mp3`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-type")]).toEqual([200, "audio/mpeg"]);
    expect(head.headers.get("content-length")).toBe(String(audio.length));
    expect(head.headers.get("etag")).toBe(got.headers.get("etag"));
  });

  it("leaves other addresses and methods to others", async () => {
    const base = await serve(withoutKey());
    const wanted = ["other.mp3", "one_moment.mp3", "../../etc/passwd", "greeting_he.mp3/x"];
    for (const name of wanted) expect((await fetch(`${base}/${name}`)).status).toBe(404);
    expect((await fetch(`${base}/greeting_he.mp3`, { method: "POST" })).status).toBe(404);
  });

  it("has clips for inside of a call: short, at the agent's level, without silence first", () => {
    const prompts = withoutKey();
    expect(prompts.status()).toBe("disabled");
    expect(prompts.fillers()).toHaveLength(2);
    for (const name of ["one_moment", "with_you_shortly", "still_there", "goodbye"] as const) {
      const audio = prompts.ulaw(name);
      expect(audio.length / 8).toBeGreaterThan(800);
      expect(audio.length / 8).toBeLessThan(3000);
      expect(levelOf(audio)).toBeCloseTo(-19, 0);
      expect(levelOf(audio.subarray(0, 200 * 8))).toBeGreaterThan(-35);
    }
  });
});

describe("prompts with Google credentials", () => {
  it("renders every sentence, keeps them, and speaks them from then on", async () => {
    const prompts = withKey();
    const before = prompts.mp3("fallback_he");
    expect(await prompts.refresh()).toBe(true);
    expect(google.violations).toEqual([]);
    expect(google.requests.map(({ input }) => input)).toEqual(
      Object.values(PROMPTS).map(({ text }) => ({ text })),
    );
    expect(prompts.status()).toBe("ok");
    expect(prompts.mp3("fallback_he").etag).not.toBe(before.etag);
    expect(prompts.ulaw("goodbye").toString("latin1", 0, 4)).not.toBe("RIFF");
    expect(
      (await readdir(join(dir, "prompts"))).filter((name) => name.endsWith(".ulaw")),
    ).toHaveLength(4);

    const served = await fetch(`${await serve(prompts)}/fallback_he.mp3`);
    expect(Buffer.from(await served.arrayBuffer())).toEqual(prompts.mp3("fallback_he").audio);
  });

  it("does not render again at the next start, also not without the key", async () => {
    const first = withKey();
    await first.refresh();
    const count = google.requests.length;
    const second = withKey();
    expect(await second.refresh()).toBe(true);
    expect(google.requests).toHaveLength(count);
    expect(second.mp3("greeting_he")).toEqual(first.mp3("greeting_he"));
    expect(withoutKey().mp3("greeting_he")).toEqual(first.mp3("greeting_he"));
  });

  it("renders one whose text or voice has changed, and removes the former one", async () => {
    await withKey().refresh();
    const name = (await readdir(join(dir, "prompts"))).find((file) => file.startsWith("goodbye."))!;
    const old = await readFile(join(dir, "prompts", name));
    await rm(join(dir, "prompts", name));
    await writeFile(join(dir, "prompts", "goodbye.0123456789abcdef.ulaw"), old.subarray(0, 4000));
    google.requests.length = 0;
    google.nextRequest({ kind: "slow", ms: 50 });
    const prompts = withKey();
    expect(prompts.ulaw("goodbye")).toHaveLength(4000);
    await prompts.refresh();
    expect(google.requests.map(({ input }) => input)).toEqual([{ text: PROMPTS.goodbye.text }]);
    expect(prompts.ulaw("goodbye")).toEqual(old);
    const kept = (await readdir(join(dir, "prompts"))).filter((file) =>
      file.startsWith("goodbye."),
    );
    expect(kept).toEqual([name]);
  });

  it.each([
    ["refuses", { kind: "http", status: 403 }],
    ["sends no audio", { kind: "empty" }],
  ] as const)(
    "keeps the old ones when Google %s, says so, and tries again",
    async (_what, fault) => {
      for (const _ of Object.keys(PROMPTS)) google.nextRequest(fault);
      const { DATA_DIR } = { DATA_DIR: dir };
      const prompts = createPrompts({
        env: { DATA_DIR, GCP_CREDENTIALS_JSON: credentials, GOOGLE_TTS_ENDPOINT: google.endpoint },
        log,
        retry_ms: { first: 300, longest: 300 },
      });
      expect(await prompts.refresh()).toBe(false);
      expect(prompts.status()).toBe("down");
      expect(prompts.mp3("greeting_he")).toEqual(withoutKey().mp3("greeting_he"));
      expect(logged.filter((line) => line.includes("the old one stays"))).toHaveLength(6);
      await vi.waitUntil(() => prompts.status() === "ok", { timeout: 5000 });
    },
  );

  it.each([
    ["no JSON", { GCP_CREDENTIALS_JSON: "{very-secret" }, "GCP_CREDENTIALS_JSON is not JSON"],
    [
      "a missing file",
      { GCP_CREDENTIALS_JSON: undefined, GOOGLE_APPLICATION_CREDENTIALS: "/nowhere.json" },
      "nowhere",
    ],
    ["no endpoint", { GOOGLE_TTS_ENDPOINT: "http://" }, "GOOGLE_TTS_ENDPOINT"],
  ])("goes on without them when the credentials are %s", async (_what, env, reason) => {
    const prompts = withKey(env);
    expect(await prompts.refresh()).toBe(false);
    expect(prompts.status()).toBe("down");
    expect(prompts.mp3("greeting_he").audio.length).toBeGreaterThan(10_000);
    expect(logged.join()).toContain(reason);
    expect(logged.join()).not.toContain("very-secret");
  });
});

it("takes the credentials from a file, also one that comes later", async () => {
  const path = join(dir, "key.json");
  const prompts = withKey({
    GCP_CREDENTIALS_JSON: undefined,
    GOOGLE_APPLICATION_CREDENTIALS: path,
  });
  expect(await prompts.refresh()).toBe(false);
  await writeFile(path, credentials);
  expect(await prompts.refresh()).toBe(true);
  expect(prompts.status()).toBe("ok");
});

describe("a business's own greeting", () => {
  const wanted = { business_id: 7, text: "שלום, הגעתם למספרת אור", recorded: null };

  it("is rendered once for each text, and the former text's rendering goes", async () => {
    const prompts = withKey();
    await prompts.refresh();
    google.requests.length = 0;
    const [first, second] = await Promise.all([prompts.greeting(wanted), prompts.greeting(wanted)]);
    expect(first).toEqual(second);
    expect(first.content_type).toBe("audio/mpeg");
    expect(await prompts.greeting(wanted)).toEqual(first);
    expect(google.requests).toHaveLength(1);
    const other = await prompts.greeting({ ...wanted, text: "שלום" });
    expect(other.etag).not.toBe(first.etag);
    expect(await readdir(join(dir, "prompts", "greetings"))).toHaveLength(1);
    const neighbour = await prompts.greeting({ ...wanted, business_id: 77 });
    expect(neighbour.audio).toEqual(first.audio);
    expect(await readdir(join(dir, "prompts", "greetings"))).toHaveLength(2);
  });

  it("is the model's recording, as a WAV file, when Google is not there or fails", async () => {
    const recorded = withoutKey().ulaw("goodbye");
    const greeting = await withoutKey().greeting({ ...wanted, recorded });
    expect(greeting.content_type).toBe("audio/wav");
    expect(greeting.audio.toString("latin1", 0, 4)).toBe("RIFF");
    expect(greeting.audio.readUInt32LE(40)).toBe(recorded.length * 2);
    expect(greeting.audio).toHaveLength(44 + recorded.length * 2);
    // µ-law 0xff is silence, 0x80 the loudest positive sample and 0x00 the loudest negative one.
    const three = await withoutKey().greeting({
      ...wanted,
      recorded: Buffer.from([0xff, 0x80, 0]),
    });
    expect([44, 46, 48].map((at) => three.audio.readInt16LE(at))).toEqual([0, 32_124, -32_124]);

    const prompts = withKey();
    await prompts.refresh();
    google.nextRequest({ kind: "http", status: 403 });
    expect((await prompts.greeting({ ...wanted, recorded })).content_type).toBe("audio/wav");
    expect(logged.join()).toContain("rendering a greeting failed");
    expect((await prompts.greeting({ ...wanted, recorded })).content_type).toBe("audio/mpeg");
  });

  it("is the product's own when there is nothing else", async () => {
    const prompts = withoutKey();
    expect(await prompts.greeting(wanted)).toEqual({
      ...prompts.mp3("greeting_he"),
      content_type: "audio/mpeg",
    });
  });

  it("does not make a caller wait for Google; the next one hears it", async () => {
    const prompts = withKey();
    await prompts.refresh();
    google.nextRequest({ kind: "slow", ms: 1_800 });
    const started = performance.now();
    const first = await prompts.greeting(wanted);
    expect(performance.now() - started).toBeLessThan(1_600);
    expect(first.etag).toBe(prompts.mp3("greeting_he").etag);
    await vi.waitUntil(async () => (await readdir(join(dir, "prompts", "greetings"))).length > 0, {
      timeout: 5000,
    });
    expect((await prompts.greeting(wanted)).etag).not.toBe(first.etag);
    expect(
      google.requests.filter(({ input }) => "text" in input && input.text === wanted.text),
    ).toHaveLength(1);
  });
});
