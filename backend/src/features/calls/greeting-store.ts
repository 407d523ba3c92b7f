import { createHash } from "node:crypto";
import type { BusinessTx } from "../../db/database.ts";

/** Names a rendering: another text, voice or model is another recording. */
export function greetingKey(text: string, voice: string, model: string): string {
  return createHash("sha256")
    .update(JSON.stringify([text, voice, model]))
    .digest("hex")
    .slice(0, 32);
}

/** The greeting as µ-law 8 kHz, or null when it was not recorded yet in this form. */
export async function loadGreeting(tx: BusinessTx, key: string): Promise<Buffer | null> {
  const row = await tx.trx("greetings").where({ key }).first("audio");
  return (row?.audio as Buffer | undefined) ?? null;
}

/** Keeps the newest rendering only; the ones of former texts are of no more use. */
export async function saveGreeting(tx: BusinessTx, key: string, audio: Buffer): Promise<void> {
  await tx.trx("greetings").whereNot({ key }).delete();
  await tx
    .trx("greetings")
    .insert({ business_id: tx.business_id, key, audio })
    .onConflict(["business_id", "key"])
    .ignore();
}
