import { createHash } from "node:crypto";
import type { Message } from "@agentlocator/contract";
import type { Knex } from "knex";
import type { BusinessTx } from "../../../db/database.ts";
import type { Provider } from "./policy.ts";

export interface SentTemplate {
  content_sid: string;
  variables: Record<string, string>;
}

/** How the sending of a message stands; times in ISO 8601. */
export interface OutboxState {
  message_id: number;
  idempotency_key: string;
  body_hash: string;
  asked_provider: Provider | null;
  template: SentTemplate | null;
  state: "waiting" | "trying" | "accepted" | "done";
  generation: number;
  attempts: number;
  attempt_at: string | null;
  queued_at: string;
  next_at: string | null;
  insisted: boolean;
  window_refused: boolean;
}

/** With the message itself and whom it is for. */
export interface OutboxRow extends OutboxState {
  thread_id: number;
  author: Message["author"];
  text: string | null;
  media_url: string | null;
  message_type: string;
  provider: Provider;
  provider_msg_id: string | null;
  status: Message["status"];
  error: string | null;
  route_reason: string | null;
  reply_to_id: number | null;
  created_at: string;
  contact_id: number | null;
  /** E.164, or `…@lid`. */
  peer_number: string;
}

/** Every row with its message and thread; to be narrowed. */
export function rowsOf(tx: BusinessTx): Knex.QueryBuilder<OutboxRow, OutboxRow[]> {
  const message = [
    "thread_id",
    "author",
    "text",
    "media_url",
    "message_type",
    "provider",
    "provider_msg_id",
    "status",
    "error",
    "route_reason",
    "reply_to_id",
    "created_at",
  ].map((name) => `m.${name}`);
  return tx
    .trx("outbox as o")
    .join("messages as m", "m.id", "o.message_id")
    .join("threads as t", "t.id", "m.thread_id")
    .select("o.*", ...message, "t.contact_id", "t.peer_number");
}

/** What is not settled of a thread, in the order in which it was written; locked. */
export function unsettled(tx: BusinessTx, thread_id: number): Promise<OutboxRow[]> {
  return rowsOf(tx)
    .where("m.thread_id", thread_id)
    .whereNot("o.state", "done")
    .orderBy("o.message_id")
    .forUpdate("o");
}

/** Undefined when the message is not one of ours; locked. */
export function findRow(tx: BusinessTx, message_id: number): Promise<OutboxRow | undefined> {
  return rowsOf(tx).where("o.message_id", message_id).forUpdate("o").first();
}

export type MessageChanges = Partial<
  Pick<Message, "status" | "error" | "provider" | "provider_msg_id" | "route_reason">
>;

/** Writes how the sending stands, and what of it the message shows; the row says the same then. */
export async function save(
  tx: BusinessTx,
  row: OutboxRow,
  state: Partial<Omit<OutboxState, "message_id" | "template">>,
  message: MessageChanges = {},
): Promise<void> {
  const { message_id, thread_id } = row;
  Object.assign(row, state, message);
  if (Object.keys(state).length > 0) await tx.trx("outbox").where({ message_id }).update(state);
  if (Object.keys(message).length === 0) return;
  await tx.trx("messages").where("id", message_id).update(message);
  tx.emit("message", { id: message_id, thread_id });
}

/** The key that the gateway knows this sending by: at most 200 characters, as its own are. */
export function gatewayKey({ idempotency_key, generation }: OutboxState): string {
  if (generation === 0) return idempotency_key;
  return createHash("sha256").update(`${generation} ${idempotency_key}`).digest("hex");
}

export interface NewOutboxRow {
  message_id: number;
  idempotency_key: string;
  body_hash: string;
  asked_provider: Provider | null;
  template: SentTemplate | null;
}

export async function insertRow(tx: BusinessTx, row: NewOutboxRow): Promise<void> {
  const template = row.template && JSON.stringify(row.template);
  await tx.trx("outbox").insert({ business_id: tx.business_id, ...row, template });
}

/** The message that was queued under this key. */
export async function findByKey(
  tx: BusinessTx,
  idempotency_key: string,
): Promise<{ message_id: number; body_hash: string } | undefined> {
  return tx.trx("outbox").where({ idempotency_key }).first("message_id", "body_hash");
}
