import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuthenticationCreds } from "@whiskeysockets/baileys";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WhatsAppSim } from "../../lab/sim/whatsapp/index.ts";
import { Hearing, pair, SECRET } from "../test/running-gateway.ts";
import { openBusiness } from "./storage/index.ts";

const SALON = 1;
const PORT = /"port":(\d+)/;

let wa: WhatsAppSim;
let phone: ReturnType<WhatsAppSim["phone"]>;
let hearing: Hearing;
let dir: string;
/** Everything that any of the processes wrote. */
let output = "";
let child: ChildProcess;
let url: string;

/** A gateway in a process of its own, as it is started in earnest. */
async function startProcess(): Promise<void> {
  const entry = new URL("main.ts", import.meta.url).pathname;
  child = spawn(process.execPath, [entry], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...wa.env,
      PATH: process.env["PATH"],
      PORT: "0",
      HOST: "127.0.0.1",
      LOG_LEVEL: "trace",
      WA_STORAGE_DIR: dir,
      BAILEYS_WEBHOOK_SECRET: SECRET,
      BAILEYS_WEBHOOK_TARGET: `${hearing.origin}/webhook/whatsapp/baileys`,
    },
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const take = (chunk: Buffer) => {
    output += chunk;
    const line = String(chunk)
      .split("\n")
      .find((one) => one.includes("gateway is up"));
    if (line) resolve(PORT.exec(line)![1]!);
  };
  child.stdout!.on("data", take);
  child.stderr!.on("data", take);
  child.once("exit", (code) => reject(new Error(`the gateway ended with ${code}: ${output}`)));
  url = `http://127.0.0.1:${await promise}`;
}

async function end(signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
  const exited = once(child, "exit");
  child.kill(signal);
  const [code] = await exited;
  return code;
}

// oxlint-disable-next-line typescript/no-explicit-any -- tests say what they expect
type Told = any;

async function ask(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Told }> {
  const headers = { "X-BAILEYS-SECRET": SECRET };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(url + path, { method, headers, ...sent });
  return { status: response.status, body: await response.json() };
}

async function until(id: number, fits: (session: Told) => boolean): Promise<Told> {
  for (;;) {
    const { body } = await ask("GET", `/health?businessId=${id}`);
    if (fits(body)) return body;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
const open = () => until(SALON, ({ connected }) => connected);

beforeAll(async () => {
  wa = await new WhatsAppSim().start();
  hearing = await new Hearing().start();
  dir = await mkdtemp(join(tmpdir(), "gateway-"));
  phone = wa.phone("+972507770001", { name: "Salon" });
  await startProcess();
  await pair({ ask, until }, SALON, phone);
});

afterAll(async () => {
  if (child.exitCode === null && child.signalCode === null) await end("SIGKILL");
  await wa.stop();
  hearing.stop();
  await rm(dir, { recursive: true, force: true });
  expect(wa.violations).toEqual([]);
});

test("killed between the receipt and the delivery: delivered after the restart", async () => {
  hearing.answer = 503;
  const dana = wa.customer("972527770001");
  const ids = [];
  for (const text of ["one", "two", "three"]) ids.push(await dana.writes(phone, text));
  for (const id of ids) await dana.sees(id, "delivered");
  await end("SIGKILL");
  hearing.answer = 204;
  await startProcess();
  for (const id of ids) await hearing.message(id);
  const told = hearing.events.flatMap((event) => (event.event === "message" ? [event.id] : []));
  expect(told).toEqual(ids);
  await open();
});

test("killed before the acknowledgement: written again under the same id, shown once", async () => {
  const dana = wa.customer("972527770002", { delivers: "by_hand" });
  await hearing.message(await dana.writes(phone, "hello"));
  await open();
  phone.acks.next({ kind: "withheld" });
  const send = { businessId: SALON, to: dana.jid, type: "text", text: "hi", idempotencyKey: "k1" };
  const { body } = await ask("POST", "/send", send);
  expect(await dana.next()).toMatchObject({ id: body.messageId, text: "hi" });
  expect((await ask("GET", `/send/${SALON}/k1`)).body.state).toBe("written");
  await end("SIGKILL");
  await startProcess();
  await hearing.receipt(body.messageId, "sent");
  expect(await ask("POST", "/send", send)).toMatchObject({ status: 200, body });
  expect(dana.messages.items).toHaveLength(1);
  expect(dana.duplicates).toMatchObject([{ id: body.messageId }]);
});

test("killed at any moment while messages come in, none is lost", async () => {
  const dana = wa.customer("972527770003");
  const ids: string[] = [];
  for (let round = 0; round < 3; round++) {
    await open();
    const writing = (async () => {
      for (let n = 0; n < 10; n++) ids.push(await dana.writes(phone, `${round}.${n}`));
    })();
    await new Promise((resolve) => setTimeout(resolve, 30 + 40 * round));
    await end("SIGKILL");
    await writing;
    await startProcess();
  }
  for (const id of ids) {
    const event = await hearing.message(id);
    expect(event).toMatchObject({ type: "text" });
  }
});

test("ended in order: quickly, still paired, and back at once", async () => {
  await open();
  const began = performance.now();
  expect(await end("SIGTERM")).toBe(0);
  expect(performance.now() - began).toBeLessThan(5000);
  expect(phone.companions.size).toBe(1);
  await startProcess();
  await open();
});

test("no key is in anything that was printed, though libsignal prints whole sessions", async () => {
  const dana = wa.customer("972527770004");
  await hearing.message(await dana.writes(phone, "hello"));
  const again = await dana.writes(phone, "scrambled", { undecryptable: "once" });
  await hearing.first(
    (event) => event.event === "message" && event.id === again && event.type === "text",
  );
  expect(output).toContain("Closing session");
  await end("SIGTERM");
  const found = await keysOnDisk();
  expect(found.length).toBeGreaterThan(800);
  const leaked = found.filter((key) => writings(key).some((text) => output.includes(text)));
  expect(leaked).toEqual([]);
});

/** Every secret of the identity, as it was stored. */
async function keysOnDisk(): Promise<Buffer[]> {
  const log = pino({ level: "silent" });
  const storage = await openBusiness({ dir, businessId: SALON, secret: undefined, log });
  const vault = await storage.openAuth<AuthenticationCreds>(() => {
    throw new Error("the pairing is gone");
  });
  const { creds, keys } = vault;
  const found: unknown[] = [
    creds.noiseKey.private,
    creds.signedIdentityKey.private,
    creds.signedPreKey.keyPair.private,
    creds.pairingEphemeralKeyPair.private,
    Buffer.from(creds.advSecretKey, "base64"),
  ];
  const numbers = Array.from({ length: creds.nextPreKeyId }, (_, n) => String(n));
  const pre_keys = await keys.get("pre-key", numbers);
  for (const pair of Object.values(pre_keys)) found.push((pair as { private: unknown }).private);
  await vault.close();
  await storage.close();
  for (const text of await filesUnder(dir)) {
    // Sessions hold their keys as base64.
    for (const [, key] of text.matchAll(/"((?:[A-Za-z0-9+/]{4}){10}[A-Za-z0-9+/]{3}=)"/g)) {
      found.push(Buffer.from(key!, "base64"));
    }
  }
  return found.map((key) => Buffer.from(key as Uint8Array)).filter((key) => key.length >= 32);
}

async function filesUnder(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((one) => one.isFile() && one.parentPath.includes("auth"));
  return Promise.all(files.map((one) => readFile(join(one.parentPath, one.name), "latin1")));
}

/** The ways in which bytes are printed. */
function writings(key: Buffer): string[] {
  const base64 = key.toString("base64");
  return [
    base64.replace(/=+$/, ""),
    key.toString("base64url"),
    key.toString("hex"),
    [...key].map((byte) => byte.toString(16).padStart(2, "0")).join(" "),
    JSON.stringify([...key]).slice(1, -1),
    JSON.stringify({ ...key }).slice(1, -1),
  ];
}
