import type { Assignee, Thread, ThreadMessage, ThreadSummary } from "@agentlocator/contract";
import type { BusinessTx } from "../../db/database.ts";
import { pageByTime, type Page, type PageAsked } from "../../http/page-by-time.ts";
import { MESSAGE_COLUMNS, shown, threads, TITLE, type ThreadRow } from "./store.ts";

/** As much of a message as a line of the inbox has room for. */
const LAST_MESSAGE = `(
  select jsonb_build_object(
    'direction', direction, 'author', author, 'message_type', message_type,
    'text', left(text, 200), 'status', status, 'deleted_at', deleted_at)
  from messages where messages.business_id = threads.business_id and thread_id = threads.id
  order by created_at desc, id desc limit 1) as last_message`;
const LAST_CALL = `(
  select jsonb_build_object(
    'call_sid', call_sid, 'direction', direction, 'status', calls.status,
    'duration_seconds', duration_seconds, 'appointment_id', appointment_id)
  from calls where calls.business_id = threads.business_id and thread_id = threads.id
  order by id desc limit 1) as last_call`;

export interface ThreadFilter {
  type?: Thread["type"] | undefined;
  status?: Thread["status"] | undefined;
  contact_id?: number | undefined;
  assigned_to?: number | undefined;
  /** Those with messages that nobody has read, or those without. */
  unread?: boolean | undefined;
  /** Looked for in the title, in the number, and in what was written. */
  q?: string | undefined;
}

type SummaryRow = ThreadRow & Pick<ThreadSummary, "last_message" | "last_call" | "found">;

/** One letter is in nearly every message. */
const SHORTEST = 2;
/** Of the words before those that were found, and of all that is shown; characters. */
const [BEFORE, SHOWN] = [30, 200];
/**
 * The latest message of a thread with these words. Row level security lets no index on the words
 * be asked before it: what is read are the messages of the business, a thread at a time.
 */
const FOUND = `(
  select case when position(lower(:q) in lower(text)) > ${BEFORE}
      then '…' || substr(text, position(lower(:q) in lower(text)) - ${BEFORE}, ${SHOWN})
      else left(text, ${SHOWN}) end
  from messages where messages.business_id = threads.business_id and thread_id = threads.id
    and deleted_at is null and text ilike :like
  order by created_at desc, id desc limit 1)`;

/** A page of the inbox, the thread with the latest message or call first. */
export async function listThreads(
  tx: BusinessTx,
  { type, status, contact_id, assigned_to, unread, q, ...asked }: PageAsked & ThreadFilter,
): Promise<Page<ThreadSummary>> {
  const query = threads(tx).select(tx.trx.raw(LAST_MESSAGE), tx.trx.raw(LAST_CALL));
  const like = `%${q?.replace(/[\\%_]/g, "\\$&")}%`;
  const found = q !== undefined && q.length >= SHORTEST ? FOUND : "null::text";
  const sought = { q: q ?? "", like };
  void query.select(tx.trx.raw(`${found} as found`, sought));
  if (type) void query.where("threads.type", type);
  if (status) void query.where("threads.status", status);
  if (contact_id) void query.where("threads.contact_id", contact_id);
  if (assigned_to) void query.where("threads.assigned_to", assigned_to);
  if (unread !== undefined) void query.where("threads.unread_count", unread ? ">" : "=", 0);
  if (q) {
    const digits = q.replace(/\D/g, "").replace(/^0/, "");
    void query.where((any) => {
      void any.whereRaw(`${TITLE} ilike ?`, [like]);
      if (digits.length >= 3) void any.orWhereLike("peer_number", `%${digits}%`);
      void any.orWhereRaw(`${found} is not null`, sought);
    });
  }
  const at = "coalesce(threads.last_message_at, threads.created_at)";
  const rows = await pageByTime<SummaryRow>(query, asked, { at, id: "threads.id" });
  return { ...rows, items: rows.items.map(shown) };
}

const QUOTED = `(
  select jsonb_build_object(
    'id', q.id, 'author', q.author, 'message_type', q.message_type,
    'text', left(q.text, 300), 'deleted_at', q.deleted_at)
  from messages q where q.business_id = m.business_id and q.id = m.reply_to_id) as quoted`;
const MEDIA = `(
  select jsonb_build_object(
    'file_name', file_name, 'content_type', coalesce(content_type, claimed_type), 'size', size,
    'seconds', seconds, 'voice', voice, 'error', media.error)
  from media where media.business_id = m.business_id and message_id = m.id
  order by media.id limit 1) as media`;
const KEY = `(
  select idempotency_key from outbox
  where outbox.business_id = m.business_id and message_id = m.id) as idempotency_key`;

/** A page of a conversation as the console shows it, the latest message first. */
export function listMessages(
  tx: BusinessTx,
  thread_id: number,
  asked: PageAsked,
): Promise<Page<ThreadMessage>> {
  const query = tx
    .trx("messages as m")
    .select(MESSAGE_COLUMNS)
    .select([QUOTED, MEDIA, KEY].map((part) => tx.trx.raw(part)))
    .where({ thread_id });
  return pageByTime<ThreadMessage>(query, asked, { at: "created_at", id: "id" });
}

/** The business's people, by name. */
export function listAssignees(tx: BusinessTx): Promise<Assignee[]> {
  return tx.trx("users").select("id", "name").where("status", "active").orderBy("name");
}
