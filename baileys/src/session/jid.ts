import { jidDecode } from "@whiskeysockets/baileys";

const PHONE = /^[1-9]\d{6,14}$/;
const LID = /^\d{5,20}$/;
const PHONE_SERVERS = new Set(["s.whatsapp.net", "hosted", "c.us"]);
const LID_SERVERS = new Set(["lid", "hosted.lid"]);

/** A customer's address without device or agent: `…@s.whatsapp.net` or `…@lid`; null for others. */
export function customerJid(jid: string | null | undefined): string | null {
  const decoded = jid ? jidDecode(jid) : undefined;
  if (!decoded?.user) return null;
  const { user, server } = decoded;
  if (PHONE_SERVERS.has(server)) return PHONE.test(user) ? `${user}@s.whatsapp.net` : null;
  return LID_SERVERS.has(server) && LID.test(user) ? `${user}@lid` : null;
}

/** What `/send` and `/typing` take: E.164, digits with the country code, or a JID. Null: neither. */
export function addressee(to: string): string | null {
  if (to.includes("@")) return customerJid(to);
  const digits = to
    .trim()
    .replace(/^\+/, "")
    .replace(/[\s()-]/g, "");
  return PHONE.test(digits) ? `${digits}@s.whatsapp.net` : null;
}

export const isLid = (jid: string): boolean => jid.endsWith("@lid");

/** Digits of a phone address; '' for a LID. */
export const digitsOf = (jid: string): string => (isLid(jid) ? "" : (jid.split("@")[0] ?? ""));

/** E.164 of the account itself, e.g. from `97250…:12@s.whatsapp.net`. */
export function ownPhone(jid: string | undefined): string | null {
  const own = customerJid(jid);
  return own && !isLid(own) ? `+${digitsOf(own)}` : null;
}
