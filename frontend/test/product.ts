import { createHash } from "node:crypto";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";

const SCRIPTS = fileURLToPath(new URL("../../scripts", import.meta.url));

export interface Account {
  email: string;
  password: string;
}

export interface Product {
  url: string;
  owner: Account;
  admin: Account;
  /** With which the WhatsApp gateway speaks to the product. */
  gateway_secret: string;
  stop(): Promise<void>;
}

/** Asks the API as the person who is signed in on `page`. */
export async function api<T>(page: Page, method: string, path: string, body?: unknown): Promise<T> {
  const answer = await page.evaluate(
    async ([method, path, body]) => {
      const csrf = /al_csrf=([^;]+)/.exec(document.cookie)?.[1] ?? "";
      const headers = { "content-type": "application/json", "x-csrf-token": csrf };
      const init = body === undefined ? { method, headers } : { method, headers, body };
      const response = await fetch(path!, init as RequestInit);
      return { ok: response.ok, text: await response.text() };
    },
    [method, path, body === undefined ? undefined : JSON.stringify(body)] as const,
  );
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.text}`);
  return (answer.text ? JSON.parse(answer.text) : undefined) as T;
}

/** Runs the product as `scripts/start --demo` does, on an empty data directory and a free port. */
export async function startProduct(): Promise<Product> {
  const data_dir = await mkdtemp(join(tmpdir(), "console-product-"));
  const child = spawn(process.execPath, ["start.ts", "--demo"], {
    cwd: SCRIPTS,
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      PORT: "0",
      HOST: "127.0.0.1",
      DATA_DIR: data_dir,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  let output = "";
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      if (/^password: /m.test(output)) resolve();
    });
  }
  void exited.then(([code]) => reject(new Error(`The product ended with ${code}.\n${output}`)));
  await ready;

  const said = (name: string) => new RegExp(`^${name}: (.+)$`, "m").exec(output)?.[1] ?? "";
  const read = async (name: string) => (await readFile(join(data_dir, name), "utf8")).trim();
  const secret = await read("demo_secret");
  const admin_password = createHash("sha256").update(`${secret}:agency`).digest("base64url");
  return {
    url: said("address").replace("localhost", "127.0.0.1"),
    owner: { email: said("email"), password: said("password") },
    admin: { email: "agency@demo.example", password: admin_password.slice(0, 14) },
    gateway_secret: await read("gateway_secret"),
    async stop() {
      child.kill("SIGTERM");
      await exited;
      await rm(data_dir, { recursive: true, force: true });
    },
  };
}
