import { expect, onTestFinished } from "vitest";
import { openBusiness } from "../src/storage/index.ts";
import { listening } from "./scratch.ts";

export interface Creds {
  noise: Buffer;
  me?: { id: string } | undefined;
  account?: unknown;
}

export const SECRET = "a secret that is thirty-two bytes";
export const fresh = (): Creds => ({ noise: Buffer.from("made new") });
export const never = (): Creds => expect.fail("a new identity was made");

export async function openStored(
  dir: string,
  secret: string | undefined = SECRET,
  now = Date.now,
  ms = 10_000,
) {
  const { log, lines } = listening();
  const options = { dir, businessId: 7, secret, log, now, timeout_ms: ms };
  const storage = await openBusiness(options);
  onTestFinished(() => storage.close());
  return { storage, lines };
}

/** A paired business with two keys, closed again. */
export async function paired(dir: string, secret: string | undefined = SECRET): Promise<void> {
  const { storage } = await openStored(dir, secret);
  const vault = await storage.openAuth(fresh);
  vault.creds.noise = Buffer.from("ours");
  await vault.keys.set({ "pre-key": { 1: { public: Buffer.from("one") } } });
  vault.creds.me = { id: "972521111111:3@s.whatsapp.net" };
  vault.creds.account = { details: new Uint8Array([1, 2, 3]) };
  await vault.saveCreds();
  await vault.keys.set({ session: { "972522222222.0": { chain: Buffer.from("two") } } });
  await vault.close();
  await storage.close();
}

export const keysOf = async (vault: {
  keys: { get(type: string, ids: string[]): Promise<unknown> };
}) => [await vault.keys.get("pre-key", ["1"]), await vault.keys.get("session", ["972522222222.0"])];
export const bothKeys = [
  { 1: { public: Buffer.from("one") } },
  { "972522222222.0": { chain: Buffer.from("two") } },
];
