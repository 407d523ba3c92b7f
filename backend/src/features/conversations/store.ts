import { PendingSlot, type Message, type Thread } from "@agentlocator/contract";
import type { Knex } from "knex";
import type { BusinessTx } from "../../db/database.ts";

const THREAD_COLUMNS = [
  "threads.id",
  "type",
  "provider",
  "peer_number",
  "contact_id",
  "status",
  "assigned_to",
  "ai_paused_until",
  "unread_count",
  "last_message_at",
  "last_inbound_at",
  "pending_slot",
] as const;

export const MESSAGE_COLUMNS = [
  "id",
  "thread_id",
  "direction",
  "author",
  "message_type",
  "text",
  "media_url",
  "provider",
  "provider_msg_id",
  "status",
  "error",
  "route_reason",
  "reply_to_id",
  "reactions",
  "edited_at",
  "deleted_at",
  "created_at",
] as const;

export const TITLE = "coalesce(nullif(contacts.name, ''), nullif(threads.title, ''), peer_number)";

export type ThreadRow = Omit<Thread, "pending_slot"> & { pending_slot: unknown };

/** Threads as the API shows them, each titled by its contact's name when that is known. */
export function threads(tx: BusinessTx): Knex.QueryBuilder {
  return tx
    .trx("threads")
    .leftJoin("contacts", "contacts.id", "threads.contact_id")
    .select(THREAD_COLUMNS)
    .select(tx.trx.raw(`${TITLE} as title`));
}

export async function findThread(tx: BusinessTx, id: number): Promise<Thread | null> {
  const row: ThreadRow | undefined = await threads(tx).where("threads.id", id).first();
  return row ? shown(row) : null;
}

/** The API shows a pending slot only when it is complete: a day without a time is not one yet. */
export function shown<R extends ThreadRow>(row: R): R & Pick<Thread, "pending_slot"> {
  const slot = PendingSlot.safeParse(row.pending_slot);
  return { ...row, pending_slot: slot.success ? slot.data : null };
}

type Changeable = "status" | "assigned_to" | "ai_paused_until" | "unread_count" | "contact_id";
export type ThreadChanges = { [K in Changeable]?: Thread[K] | undefined };

/** False when there is no such thread. */
export async function updateThread(
  tx: BusinessTx,
  id: number,
  changes: ThreadChanges,
): Promise<boolean> {
  return (await tx.trx("threads").where({ id }).update(changes)) > 0;
}

export interface NewThread {
  type: Thread["type"];
  provider: Thread["provider"];
  /** E.164; '' when the caller withholds it: then the thread is always a new one. */
  peer_number: string;
  contact_id: number | null;
  title?: string;
}

/**
 * The id of the thread with this peer, made when there is none; a closed one opens again. One of
 * calls moves to the top of the inbox: it has no messages that would do so.
 */
export async function upsertThread(tx: BusinessTx, thread: NewThread): Promise<number> {
  const called = thread.type === "call" && { last_message_at: tx.trx.fn.now() };
  const row = { business_id: tx.business_id, ...thread, ...called };
  const insert = tx.trx("threads").insert(row).returning("id");
  if (thread.peer_number === "") return (await insert)[0].id;
  const peer = "(business_id, type, peer_number) where peer_number <> ''";
  const contact = tx.trx.raw("coalesce(threads.contact_id, excluded.contact_id)");
  const [found] = await insert
    .onConflict(tx.trx.raw(peer) as unknown as string)
    .merge({ status: "open", contact_id: contact, ...called });
  return found.id;
}

export type NewMessage = Pick<
  Message,
  "thread_id" | "direction" | "author" | "provider" | "status" | "text"
> &
  Partial<Pick<Message, "message_type" | "media_url" | "provider_msg_id" | "reply_to_id">> & {
    /** When it was written, if that was not now. */
    created_at?: Date;
    /** Where the gateway marks it as read. */
    remote_jid?: string | null;
    /** Which of the business's numbers it came to. */
    to_number?: string | null;
    /** It needs no answer of the agent's. */
    handled_at?: Date | null;
  };

const INSERT_MESSAGE = `
  with stored as (
    insert into messages (business_id, thread_id, direction, author, message_type, text, media_url,
      provider, provider_msg_id, status, reply_to_id, remote_jid, to_number, handled_at,
      created_at)
    values (?, ?, ?, ?, coalesce(?, 'text'), ?, ?, ?, ?, ?, ?, ?, ?, ?, coalesce(?, now()))
    on conflict (business_id, provider, provider_msg_id) do nothing
    returning ${MESSAGE_COLUMNS.join(", ")}
  ), touched as (
    update threads set
      last_message_at = greatest(threads.last_message_at, stored.created_at),
      last_inbound_at = case when stored.direction = 'in'
        then greatest(last_inbound_at, stored.created_at) else last_inbound_at end,
      unread_count = unread_count + (stored.direction = 'in')::int,
      status = case when stored.direction = 'in' then 'open' else threads.status end,
      provider = case when stored.direction = 'out' or last_inbound_at > stored.created_at
        then threads.provider else stored.provider end
    from stored where threads.id = stored.thread_id
  )
  select * from stored`;

/**
 * Stores a message and moves its thread up in the inbox to the message's time. What came in is
 * unread, opens the thread again, and moves it to the provider that the customer wrote to last.
 * Null when the provider's message id is known already.
 */
export async function insertMessage(tx: BusinessTx, message: NewMessage): Promise<Message | null> {
  const { message_type = null, media_url = null, provider_msg_id = null } = message;
  const { reply_to_id = null, remote_jid = null, to_number = null } = message;
  const { handled_at = null, created_at = null } = message;
  const values = [
    ...[tx.business_id, message.thread_id, message.direction, message.author, message_type],
    ...[message.text, media_url, message.provider, provider_msg_id, message.status],
    ...[reply_to_id, remote_jid, to_number, handled_at, created_at],
  ];
  const { rows } = await tx.trx
    .raw<{ rows: Message[] }>(INSERT_MESSAGE, values as Knex.RawBinding[])
    .options({ name: "message" });
  return rows[0] ?? null;
}

export async function findMessage(tx: BusinessTx, id: number): Promise<Message | null> {
  return (await tx.trx("messages").where({ id }).first(MESSAGE_COLUMNS)) ?? null;
}

/** Marks what came in and was not read before; the ids of those whose senders can be shown so. */
export async function markMessagesRead(tx: BusinessTx, thread_id: number): Promise<number[]> {
  const read = await tx
    .trx("messages")
    .where({ thread_id, direction: "in", read_at: null })
    .update({ read_at: tx.trx.fn.now() })
    .returning<{ id: number; remote_jid: string | null }[]>(["id", "remote_jid"]);
  return read.filter(({ remote_jid }) => remote_jid !== null).map(({ id }) => id);
}
