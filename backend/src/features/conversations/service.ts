import type { Message, Thread } from "@agentlocator/contract";
import type { BusinessTx } from "../../db/database.ts";
import { notFound } from "../../http/problem.ts";
import { askAgent } from "./agent-turn.ts";
import {
  findMessage,
  findThread,
  insertMessage,
  markMessagesRead,
  updateThread,
  upsertThread,
  type NewMessage,
  type NewThread,
  type ThreadChanges,
} from "./store.ts";

const noThread = () => notFound("This conversation");

/** Throws the 404 problem when the business has no such thread. */
export async function requireThread(tx: BusinessTx, id: number): Promise<Thread> {
  const thread = await findThread(tx, id);
  if (!thread) throw noThread();
  return thread;
}

/**
 * The id of the thread with this peer, made when there is none; one that was closed is open again.
 * A withheld number ('') gets a thread of its own each time.
 */
export async function findOrCreateThread(tx: BusinessTx, thread: NewThread): Promise<number> {
  const id = await upsertThread(tx, thread);
  tx.emit("thread", { id });
  return id;
}

/** The same for a telephone call. */
export function findOrCreateCallThread(
  tx: BusinessTx,
  thread: Pick<NewThread, "peer_number" | "contact_id">,
): Promise<number> {
  return findOrCreateThread(tx, { ...thread, type: "call", provider: "twilio" });
}

/** Throws the 404 problem when the business has no such message. */
export async function requireMessage(tx: BusinessTx, id: number): Promise<Message> {
  const message = await findMessage(tx, id);
  if (!message) throw notFound("This message");
  return message;
}

/** Stores a message. Null when the provider gave it to us before. */
export async function addMessage(tx: BusinessTx, message: NewMessage): Promise<Message | null> {
  const stored = await insertMessage(tx, message);
  if (!stored) return null;
  tx.emit("message", { id: stored.id, thread_id: stored.thread_id });
  tx.emit("thread", { id: stored.thread_id });
  return stored;
}

/**
 * When a pause of the agent ends, now or later, it looks at what was left unanswered meanwhile.
 * Throws 404 for a thread, and for an assignee, that is not the business's.
 */
export async function changeThread(
  tx: BusinessTx,
  id: number,
  changes: ThreadChanges,
): Promise<Thread> {
  const thread = await requireThread(tx, id);
  if (Object.keys(changes).length === 0) return thread;
  if (changes.assigned_to) await requireUser(tx, changes.assigned_to);
  await updateThread(tx, id, changes);
  tx.emit("thread", { id });
  const { ai_paused_until: paused } = changes;
  if (thread.type === "whatsapp" && paused !== undefined) {
    await askAgent(tx, id, paused === null ? undefined : new Date(paused));
  }
  return requireThread(tx, id);
}

/**
 * A person has read the conversation: nothing of it is unread, and the customer is shown so, as far
 * as the provider can. Throws the 404 problem.
 */
export async function markThreadRead(tx: BusinessTx, id: number): Promise<Thread> {
  const thread = await changeThread(tx, id, { unread_count: 0 });
  const message_ids = await markMessagesRead(tx, id);
  if (message_ids.length > 0) await tx.enqueue("whatsapp.read", { thread_id: id, message_ids });
  return thread;
}

async function requireUser(tx: BusinessTx, id: number): Promise<void> {
  const user = await tx.trx("users").where({ id }).first("id");
  if (!user) throw notFound("This user");
}
