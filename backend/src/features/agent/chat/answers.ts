import type { BusinessTx } from "../../../db/database.ts";
import { askAgent } from "../../conversations/index.ts";
import type { Remark } from "../caller-said.ts";
import { unansweredOf, type Chat, type Unanswered } from "./chat.ts";
import { markHandled, repliesOf } from "./handled.ts";
import type { ChatDeps } from "./ports.ts";
import { splitAnswer } from "./split.ts";
import type { ChatTexts } from "./texts.ts";

/** Queues an answer, as many messages as it takes, and marks what it answers; in one transaction. */
export async function sendAnswer(
  { queueMessage }: Pick<ChatDeps, "queueMessage">,
  tx: BusinessTx,
  chat: Pick<Chat, "thread">,
  answered: readonly { id: number }[],
  text: string,
): Promise<void> {
  const { id: thread_id } = chat.thread;
  const last = Math.max(...answered.map(({ id }) => id));
  for (const [part, piece] of splitAnswer(text).entries()) {
    const idempotency_key = `answer:${thread_id}:${last}:${part}`;
    await queueMessage(tx, { thread_id, author: "agent", text: piece, idempotency_key });
  }
  await markHandled(tx, thread_id, answered);
}

/**
 * Sends an answer if it still fits: false when the customer has written more or changed what was
 * answered, or a person has taken over meanwhile. With `anyway` it is sent although they have
 * written more since; that is then looked at by itself.
 */
export async function sendIfItFits(
  deps: Pick<ChatDeps, "queueMessage">,
  tx: BusinessTx,
  given: { chat: Chat; asked: readonly Unanswered[]; text: string; anyway: boolean; now: number },
): Promise<boolean> {
  const { chat, asked, text, anyway, now } = given;
  const { id } = chat.thread;
  const thread = await tx
    .trx("threads")
    .where({ id })
    .forNoKeyUpdate()
    .first<{ status: string; ai_paused_until: string | null }>("status", "ai_paused_until");
  if (!thread) return false;
  const standing = await unansweredOf(tx, id);
  if (standing.length === 0 || (await isTakenOver(tx, chat, thread, now))) {
    await takeBackProposal(tx, chat, asked);
    return false;
  }
  const before = new Map(asked.map((message) => [message.id, wordsOf(message)]));
  const same = standing.filter((message) => before.get(message.id) === wordsOf(message));
  const changed = standing.length > same.length || same.length < asked.length;
  if (changed && !(anyway && same.length > 0)) return false;
  await sendAnswer(deps, tx, chat, same, text);
  const left = await unansweredOf(tx, id);
  if (left.length > 0) await askAgent(tx, id);
  return true;
}

const wordsOf = ({ text, edited_at }: Pick<Unanswered, "text" | "edited_at">): string =>
  JSON.stringify([text, edited_at]);

/** Whether a person is at the thread now, other than because this very answer handed it over. */
async function isTakenOver(
  tx: BusinessTx,
  { thread, unanswered, handed_over }: Chat,
  { status, ai_paused_until }: { status: string; ai_paused_until: string | null },
  now: number,
): Promise<boolean> {
  if (status === "closed") return true;
  const since = Math.max(0, ...unanswered.map(({ id }) => id));
  if (await repliesOf(tx, thread.id).where("id", ">", since).first("id")) return true;
  if (handed_over || ai_paused_until === null || Date.parse(ai_paused_until) <= now) return false;
  const handing = await tx
    .trx("tool_calls")
    .where({ thread_id: thread.id, name: "transfer_to_person" })
    .where("message_id", ">=", since)
    .whereRaw("(result #>> '{output,ok}')::boolean")
    .first("seq");
  return !handing;
}

/** A time that the customer was never told of must not be booked by a later «yes». */
async function takeBackProposal(
  tx: BusinessTx,
  { thread }: Chat,
  asked: readonly Unanswered[],
): Promise<void> {
  const made = tx
    .trx("tool_calls")
    .where({ thread_id: thread.id })
    .whereIn("name", ["propose_slot", "move_appointment"])
    .whereIn(
      "message_id",
      asked.map(({ id }) => id),
    );
  await tx.trx("threads").where("id", thread.id).whereExists(made).update({ pending_slot: null });
  tx.emit("thread", { id: thread.id });
}

/** What the agent says in set words to the last of the messages, if there is such a thing. */
export function setWords(asked: readonly Unanswered[]): string | null {
  return asked.at(-1)?.agent_remark?.say ?? null;
}

/** The news of a booking that the customer's words have made, for when the model is away. */
export function bookedWords(asked: readonly Unanswered[], texts: ChatTexts): string | null {
  const notes = asked.map(({ agent_remark }) => bookedWhen(agent_remark));
  const when = notes.findLast((note) => note !== null) ?? null;
  return when === null ? null : texts.booked(when);
}

function bookedWhen(remark: Remark | null): string | null {
  if (!remark?.note?.startsWith("{")) return null;
  const { ok, when } = JSON.parse(remark.note) as { ok?: boolean; when?: string };
  return ok && when ? when : null;
}
