import type { BusinessTx } from "../../../db/database.ts";
import { agentMustLook } from "../../agent/index.ts";
import { nameIfUnknown } from "../../contacts/index.ts";
import { addMessage, askAgent, pauseAgent } from "../../conversations/index.ts";
import type { NewMessage } from "../../conversations/index.ts";
import { addMedia } from "../media/index.ts";
import { applyChanges, isChange, storeChange } from "./changes.ts";
import { customerAt } from "./customer.ts";
import type { Address } from "./customer.ts";
import type { InboundMessage } from "./inbound-message.ts";
import { applyEarly } from "./receipts.ts";
import { storableName, storableText } from "./storable.ts";

/** Older than this it comes from a queue, and is shown at its own time instead of now. */
const LATE_MS = 60_000;
/** The customer may be writing on; the agent looks whether the burst is over. */
const BURST_MS = 1000;
/** What the agent could say nothing to. */
const NOT_FOR_THE_AGENT = new Set(["undecryptable"]);

export interface StoringOptions {
  now: Date;
  agent: "on" | "off" | "absent";
}

/**
 * Stores what came in, once, however often it comes. The customer's messages are unread and wait
 * for the agent; what the owner typed is from a person, and pauses the agent on the thread. The
 * caller holds `lockMessage` for it.
 * @returns the message's id; null when it was here before, or is a change to another one
 */
export async function storeMessage(
  tx: BusinessTx,
  address: Address,
  message: InboundMessage,
  { now, agent }: StoringOptions,
): Promise<number | null> {
  if (isChange(message)) {
    await storeChange(tx, message, message.at ?? now);
    return null;
  }
  const at = timeOf(message, now);
  const { provider, provider_msg_id, from_me } = message;
  const name = from_me ? "" : storableName(message.name ?? "");
  const about = { provider, provider_msg_id, name };
  const { contact_id, thread_id, named, changed } = await customerAt(tx, address, about);
  const looks = !from_me && agent !== "absent" && !NOT_FOR_THE_AGENT.has(message.type);
  const asks = looks && agentMustLook({ enabled: agent === "on", text: message.text });
  const row: NewMessage = {
    thread_id,
    direction: from_me ? "out" : "in",
    author: from_me ? "user" : "customer",
    status: from_me ? "sent" : "received",
    message_type: message.type,
    text: message.text && storableText(message.text),
    provider,
    provider_msg_id,
    reply_to_id: await idOf(tx, message, message.reply_to),
    remote_jid: message.remote_jid,
    to_number: message.to_number,
    handled_at: looks && !asks ? now : null,
    created_at: at,
  };
  const stored =
    (await addMessage(tx, row)) ??
    ((await dropUndecryptable(tx, message)) ? await addMessage(tx, row) : null);
  if (!stored) return null;
  for (const media of message.media) await addMedia(tx, stored.id, media);
  if (changed) await applyChanges(tx, provider, provider_msg_id);
  if (from_me) {
    await applyEarly(tx, provider, provider_msg_id);
    await readUpTo(tx, thread_id, at);
    await pauseAgent(tx, thread_id, at);
    return stored.id;
  }
  if (!named && name !== "") await nameIfUnknown(tx, contact_id, name);
  if (asks) await askAgent(tx, thread_id, new Date(now.getTime() + BURST_MS));
  return stored.id;
}

/** Live messages stand in the order in which they come: a provider's times are whole seconds. */
function timeOf({ at }: InboundMessage, now: Date): Date {
  return at && now.getTime() - at.getTime() > LATE_MS ? at : now;
}

async function idOf(tx: BusinessTx, { provider }: InboundMessage, provider_msg_id: string | null) {
  if (provider_msg_id === null) return null;
  const found = await tx.trx("messages").where({ provider, provider_msg_id }).first("id");
  return found?.id ?? null;
}

/**
 * A message that could not be read comes again under the same id, and takes the stub's place. False
 * when there is no stub.
 */
async function dropUndecryptable(tx: BusinessTx, message: InboundMessage): Promise<boolean> {
  if (message.type === "undecryptable") return false;
  const { provider, provider_msg_id } = message;
  const stub = { provider, provider_msg_id, message_type: "undecryptable" };
  const [dropped] = await tx.trx("messages").where(stub).delete().returning(["id", "thread_id"]);
  if (!dropped) return false;
  await tx
    .trx("threads")
    .where("id", dropped.thread_id)
    .update({ unread_count: tx.trx.raw("greatest(unread_count - 1, 0)") });
  tx.emit("message", { id: dropped.id, thread_id: dropped.thread_id });
  return true;
}

/** Who answers on the phone has seen what was written before. */
async function readUpTo(tx: BusinessTx, thread_id: number, at: Date): Promise<void> {
  await tx
    .trx("messages")
    .where({ thread_id, direction: "in", read_at: null })
    .where("created_at", "<=", at)
    .update({ read_at: at });
  await tx
    .trx("threads")
    .where("id", thread_id)
    .update({
      unread_count: tx.trx("messages").where({ thread_id, direction: "in", read_at: null }).count(),
    });
}
