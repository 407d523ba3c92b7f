import type { BusinessTx } from "../../../db/database.ts";
import type { Logger } from "../../../platform/log.ts";
import { askAgent } from "../../conversations/index.ts";
import { notify } from "../../notifications/index.ts";
import { createTask } from "../../tasks/index.ts";
import type { Chat } from "./chat.ts";
import { waitingKey } from "./handled.ts";
import { textsIn } from "./texts.ts";

/** A customer who waits for the agent longer than this needs a person, and an apology. */
export const TOO_LONG_MS = 10 * 60_000;
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/**
 * How long after a failure the agent tries again: half of the time for which it has failed, and in
 * time for the moment at which the business is told.
 */
export function nextTry(failing_ms: number, retry_after_ms: number | null): number {
  const pause = Math.min(Math.max(failing_ms / 2, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
  const asked = Math.min(Math.max(pause, retry_after_ms ?? 0), LONGEST_PAUSE_MS);
  const until_told = TOO_LONG_MS - failing_ms;
  return until_told > 0 ? Math.min(asked, until_told) : asked;
}

/**
 * The agent could not answer: it tries again later. When that has gone on for too long, the
 * business has a task and its bell rings, once for the messages that wait.
 */
export async function tryAgainLater(
  tx: BusinessTx,
  chat: Chat,
  { now, retry_after_ms, log }: { now: number; retry_after_ms: number | null; log: Logger },
): Promise<void> {
  const { id } = chat.thread;
  const since = chat.thread.answer_failing_since;
  const failing_ms = since ? Math.max(0, now - Date.parse(since)) : 0;
  if (!since) {
    await tx
      .trx("threads")
      .where({ id })
      .update({ answer_failing_since: new Date(now) });
  }
  if (failing_ms >= TOO_LONG_MS) await tellBusiness(tx, chat, log);
  await askAgent(tx, id, new Date(now + nextTry(failing_ms, retry_after_ms)));
}

async function tellBusiness(tx: BusinessTx, chat: Chat, log: Logger): Promise<void> {
  const { thread, unanswered, settings } = chat;
  const texts = textsIn(settings.language);
  const customer = nameOf(chat);
  const dedupe_key = waitingKey(thread.id, unanswered);
  const body = [quote(chat), texts.unanswered_body].filter(Boolean).join("\n\n");
  await leaveTask(tx, chat, { title: texts.unanswered(customer), body, dedupe_key });
  await notify(
    tx,
    {
      kind: "chat_unanswered",
      title: texts.bell,
      body: texts.bell_body(customer),
      link: `/app/inbox/${thread.id}`,
      dedupe_key,
      alert: true,
    },
    log,
  );
}

/** A task about this chat; the same `dedupe_key` makes one. */
export async function leaveTask(
  tx: BusinessTx,
  { thread }: Pick<Chat, "thread">,
  task: { title: string; body: string; dedupe_key: string },
): Promise<void> {
  await createTask(tx, { ...task, contact_id: thread.contact_id, thread_id: thread.id });
}

/** What a person reads the customer as. */
export function nameOf({ contact, thread, settings }: Chat): string {
  const number = thread.peer_number.startsWith("+") ? thread.peer_number : "";
  return contact.name || number || textsIn(settings.language).somebody;
}

/** The customer's words, for a task. */
export function quote({ unanswered }: Chat): string {
  const lines = unanswered.map(({ text }) => text ?? "").filter((text) => text !== "");
  return lines.join("\n").slice(0, 2000);
}
