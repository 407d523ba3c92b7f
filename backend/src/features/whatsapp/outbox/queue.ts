import { createHash } from "node:crypto";
import type { Message } from "@agentlocator/contract";
import type { BusinessTx } from "../../../db/database.ts";
import { problem } from "../../../http/problem.ts";
import { addMessage, requireMessage, requireThread } from "../../conversations/index.ts";
import { attach, kindOf, requireAttachment } from "./attachments.ts";
import type { Provider } from "./policy.ts";
import { findByKey, insertRow } from "./store.ts";
import { useTemplate } from "./templates/index.ts";

export interface NewOutgoing {
  thread_id: number;
  author: "agent" | "user";
  text?: string | undefined;
  /** `/api/media/{id}` of stored media of this business. */
  media_url?: string | undefined;
  template?: { name: string; variables?: Record<string, string> | undefined } | undefined;
  /** Instead of what the policy would choose. */
  provider?: Provider | undefined;
  /** The message that this one answers. */
  reply_to_id?: number | undefined;
  /** The same key never sends twice. At most 200 characters. */
  idempotency_key: string;
  /** What was asked for, when that is not the above: two bodies are the same when this is. */
  asked_for?: unknown;
}

/**
 * Stores a message as `queued` and has it sent, in the thread's order. The provider is chosen when
 * it is sent; when none may send it, the message is `failed` and says why.
 * The same key with the same body gives the message that is there already.
 * @throws the 409 problem for a key that was used for another body, 404 for what is not there, 400
 *   for a template's variables that do not fit
 */
export async function queueMessage(tx: BusinessTx, message: NewOutgoing): Promise<Message> {
  const { thread_id, author, provider, media_url, reply_to_id, idempotency_key } = message;
  const body_hash = hashOf(message.asked_for ?? message);
  const known = await findQueued(tx, idempotency_key, message.asked_for ?? message);
  if (known) return known;

  const thread = await requireThread(tx, thread_id);
  const filled = message.template && (await useTemplate(tx, message.template));
  const file = media_url === undefined ? null : await requireAttachment(tx, media_url);
  const stored = await addMessage(tx, {
    ...{ thread_id, author, direction: "out", status: "queued" },
    provider: provider ?? (filled ? "twilio" : thread.provider),
    text: filled?.text ?? message.text ?? null,
    ...(file && { message_type: kindOf(file.content_type) }),
    ...(reply_to_id && { reply_to_id: (await requireMessage(tx, reply_to_id)).id }),
  });
  if (!stored) throw new Error("a message without a provider's id can't be there already");
  if (file) stored.media_url = await attach(tx, file, stored.id);
  await insertRow(tx, {
    message_id: stored.id,
    idempotency_key,
    body_hash,
    asked_provider: provider ?? null,
    template: filled ? { content_sid: filled.content_sid, variables: filled.variables } : null,
  });
  await lookAtThread(tx, thread_id);
  return stored;
}

/**
 * The message that was queued under this key, or null. Whoever asks holds the key until the end of
 * the transaction: of two who come with it at once, the second finds what the first queued.
 * @throws the 409 problem when it was queued for another body
 */
export async function findQueued(
  tx: BusinessTx,
  idempotency_key: string,
  asked_for: unknown,
): Promise<Message | null> {
  await tx.trx.raw("select pg_advisory_xact_lock(hashtextextended(?, 0))", [
    `outbox ${tx.business_id} ${idempotency_key}`,
  ]);
  const known = await findByKey(tx, idempotency_key);
  if (!known) return null;
  if (known.body_hash !== hashOf(asked_for)) {
    throw problem(409, "key_reused", "This idempotency_key was used for another message.");
  }
  return requireMessage(tx, known.message_id);
}

/**
 * Has the thread's outbox looked at, now or at `run_at`. A look that is due now is not put off by
 * one for later.
 */
export async function lookAtThread(
  tx: Pick<BusinessTx, "enqueue">,
  thread_id: number,
  run_at?: Date,
): Promise<void> {
  const queue = `send:${thread_id}`;
  const key = run_at ? `send-later:${thread_id}` : `send:${thread_id}`;
  await tx.enqueue("whatsapp.send", { thread_id }, { queue, key, ...(run_at && { run_at }) });
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex");
}

/** JSON with sorted keys, without what is undefined. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(",")}}`;
}
