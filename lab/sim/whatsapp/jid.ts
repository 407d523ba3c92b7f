import { createHash } from "node:crypto";
import { jidDecode } from "@whiskeysockets/baileys";
import { Malformed } from "./stanza.ts";

export interface Address {
  user: string;
  server: "s.whatsapp.net" | "lid";
  device: number;
}

/** Parts of a user's address. @throws Malformed for groups, broadcasts and what is no address */
export function address(jid: string): Address {
  const parts = jidDecode(jid);
  if (!parts?.user || (parts.server !== "s.whatsapp.net" && parts.server !== "lid")) {
    throw new Malformed(`no user's address: ${jid}`);
  }
  return { user: parts.user, server: parts.server, device: parts.device ?? 0 };
}

export function phoneJid(number: string, device = 0): string {
  return `${number}${device ? `:${device}` : ""}@s.whatsapp.net`;
}

export function lidJid(lid: string, device = 0): string {
  return `${lid}${device ? `:${device}` : ""}@lid`;
}

/** Digits with the country code, from E.164 or from digits. */
export function digits(number: string): string {
  const found = number.replace(/^\+/, "");
  if (!/^[1-9]\d{6,14}$/.test(found)) throw new Error(`not an international number: ${number}`);
  return found;
}

/** A LID that belongs to the number, as unlike it as WhatsApp's. */
export function lidOf(number: string): string {
  const hash = createHash("sha256").update(number).digest().readUIntBE(0, 6);
  return `2${String(hash % 1e14).padStart(14, "0")}`;
}
