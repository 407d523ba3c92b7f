import type { Message, Settings, Thread } from "@agentlocator/contract";
import type { DateTime } from "luxon";
import type { BusinessTx } from "../../../db/database.ts";
import { loadSettings } from "../../settings/index.ts";
import type { Remark } from "../caller-said.ts";
import type { Facts } from "./decide.ts";
import { leaveToPeople } from "./handled.ts";
import type { ChatDeps, ChatFile } from "./ports.ts";

/** A message that nobody has answered, as it stands in the database. */
export interface Unanswered extends Message {
  agent_remark: Remark | null;
  files: ChatFile[];
}

type ThreadRow = Pick<
  Thread,
  "id" | "type" | "provider" | "peer_number" | "contact_id" | "status" | "ai_paused_until"
> & { answer_failing_since: string | null };

/** One WhatsApp conversation at the moment at which the agent looks at it. */
export interface Chat {
  business_id: number;
  business_name: string;
  settings: Settings;
  thread: ThreadRow;
  contact: { name: string; opted_out_at: string | null };
  /** In the customer's order. */
  unanswered: Unanswered[];
  /** The answer that is being made has put a time on the table that the customer has not seen. */
  unseen_proposal: boolean;
  handed_over: boolean;
}

const PROPOSALS = ["propose_slot", "move_appointment"];
/** More at once are answered in several turns. */
const MAX_UNANSWERED = 50;

/**
 * The thread with what its customer waits to have answered; null when there is no such chat. What
 * a person has answered since needs no answer any more, and is marked so.
 */
export async function loadChat(
  deps: Pick<ChatDeps, "media">,
  tx: BusinessTx,
  thread_id: number,
): Promise<Chat | null> {
  await leaveToPeople(tx, thread_id);
  const thread: ThreadRow | undefined = await tx
    .trx("threads")
    .where({ id: thread_id, type: "whatsapp" })
    .first(
      ...["id", "type", "provider", "peer_number", "contact_id", "status"],
      ...["ai_paused_until", "answer_failing_since"],
    );
  if (!thread) return null;
  const unanswered = await withFiles(deps, tx, await unansweredOf(tx, thread_id));
  const business = await tx.trx("businesses").where("id", tx.business_id).first("name");
  const contact = thread.contact_id
    ? await tx.trx("contacts").where("id", thread.contact_id).first("name", "opted_out_at")
    : undefined;
  const called = await unfinishedCalls(
    tx,
    thread_id,
    unanswered.map(({ id }) => id),
  );
  return {
    business_id: tx.business_id,
    business_name: business.name,
    settings: await loadSettings(tx),
    thread,
    contact: contact ?? { name: "", opted_out_at: null },
    unanswered,
    unseen_proposal: called.some((name) => PROPOSALS.includes(name)),
    handed_over: called.includes("transfer_to_person"),
  };
}

type Stored = Omit<Unanswered, "files">;

/** The customer's messages that nobody has answered; those that were deleted need no answer. */
export function unansweredOf(tx: BusinessTx, thread_id: number): Promise<Stored[]> {
  return tx
    .trx("messages")
    .where({ thread_id, direction: "in", author: "customer", handled_at: null, deleted_at: null })
    .whereNot("message_type", "undecryptable")
    .orderBy(["created_at", "id"])
    .limit(MAX_UNANSWERED)
    .select("*");
}

/** The messages, each with what came with it. */
export async function withFiles(
  { media }: Pick<ChatDeps, "media">,
  tx: BusinessTx,
  messages: Stored[],
): Promise<Unanswered[]> {
  const ids = messages.filter(({ message_type: type }) => type !== "text").map(({ id }) => id);
  const files = ids.length > 0 ? await media.ofMessages(tx, ids) : [];
  const byMessage = Map.groupBy(files, ({ message_id }) => message_id);
  return messages.map((message) => ({ ...message, files: byMessage.get(message.id) ?? [] }));
}

/** The tools that worked in the answer that is being made, by name. */
async function unfinishedCalls(
  tx: BusinessTx,
  thread_id: number,
  message_ids: number[],
): Promise<string[]> {
  return tx
    .trx("tool_calls")
    .where({ thread_id })
    .whereIn("message_id", message_ids)
    .whereRaw("(result #>> '{output,ok}')::boolean")
    .pluck("name");
}

/** What `decide` goes by. */
export function factsOf(chat: Chat, now: DateTime): Facts {
  const { settings, thread, contact, unanswered } = chat;
  return {
    now,
    enabled: settings.ai_enabled_whatsapp,
    closed: thread.status === "closed",
    paused_until: thread.ai_paused_until ? new Date(thread.ai_paused_until) : null,
    handed_over: chat.handed_over,
    opted_out: contact.opted_out_at !== null,
    quiet_hours: settings.quiet_hours,
    unanswered: unanswered.map(({ text, created_at, files }) => {
      const pending = files.find(({ storage_path, error }) => storage_path === null && !error);
      const media_pending_since = pending ? new Date(pending.created_at) : null;
      return { text, created_at: new Date(created_at), media_pending_since };
    }),
  };
}
