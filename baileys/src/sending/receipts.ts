import type { GatewayReceiptEvent } from "@agentlocator/contract";
import type { BinaryNode } from "@whiskeysockets/baileys";
import type { SendLedger } from "../storage/index.ts";
import { customerJid } from "../session/jid.ts";

/** What WhatsApp said of messages that were sent. */
export interface Told {
  readonly ids: readonly string[];
  readonly status: GatewayReceiptEvent["status"];
  readonly error: string | null;
  readonly remote_jid: string | null;
  /** Unix seconds. */
  readonly timestamp: number;
}

const ERRORS: Record<string, string> = {
  "463": "WhatsApp does not let this account write to this contact first",
  "479": "WhatsApp did not accept the contact's device; its keys are out of date",
};

const STATUS: Record<string, GatewayReceiptEvent["status"]> = {
  "": "delivered",
  inactive: "delivered",
  read: "read",
  played: "read",
};

const seconds = (t: string | undefined) => Number(t) || Math.floor(Date.now() / 1000);

/** WhatsApp's own answer to a message; the library shows only the errors among them. */
export function fromAck(attrs: Record<string, string>): Told | null {
  const { id, error, from, t } = attrs;
  if (!id) return null;
  const words = error && `${error}: ${ERRORS[error] ?? "WhatsApp refused the message"}`;
  return {
    ids: [id],
    status: error ? "failed" : "sent",
    error: words || null,
    remote_jid: customerJid(from),
    timestamp: seconds(t),
  };
}

/** A customer's device got or showed messages. Null for receipts about anything else. */
export function fromReceipt({ attrs, content }: BinaryNode): Told | null {
  const { id, from, recipient, participant, type = "", t } = attrs;
  const status = STATUS[type];
  const remote_jid = customerJid(from);
  // With a recipient it is about another of our own devices.
  if (!id || !status || !remote_jid || recipient || participant) return null;
  const lists = Array.isArray(content) ? content : [];
  const items = lists.flatMap(({ content: inner }) => (Array.isArray(inner) ? inner : []));
  const ids = [id, ...items.map(({ attrs: item }) => item["id"] ?? "")].filter(Boolean);
  return { ids, status, error: null, remote_jid, timestamp: seconds(t) };
}

/** Writes it into the ledger; gives an event for each message that it was news for. */
export async function enter(
  business_id: number,
  ledger: SendLedger,
  told: Told,
): Promise<GatewayReceiptEvent[]> {
  const { ids, status, error, remote_jid, timestamp } = told;
  const events: GatewayReceiptEvent[] = [];
  for (const id of ids) {
    if (!(await ledger.advance(id, status, error ?? undefined))) continue;
    const where = remote_jid ? { remote_jid } : {};
    events.push({ event: "receipt", business_id, id, ...where, status, error, timestamp });
  }
  return events;
}
