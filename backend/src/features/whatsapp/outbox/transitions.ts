import type { BusinessTx } from "../../../db/database.ts";
import type { Logger } from "../../../platform/log.ts";
import { notify, resolveNotification } from "../../notifications/index.ts";
import { loadSettings } from "../../settings/index.ts";
import { identifyMessage } from "../inbound/receipts.ts";
import { FIRST_LOOK_MS } from "./limits.ts";
import { save, type OutboxRow, type OutboxState } from "./store.ts";
import { outboxNotices, unsentError, type Unsent } from "./words.ts";

const at = (ms: number): string => new Date(ms).toISOString();

/** The provider has it under this id; its receipts are awaited. */
export async function accept(
  tx: BusinessTx,
  row: OutboxRow,
  provider_msg_id: string,
  { now, log }: { now: number; log: Logger },
): Promise<void> {
  const { message_id, provider } = row;
  const other = await tx
    .trx("messages")
    .where({ provider, provider_msg_id })
    .whereNot("id", message_id)
    .first("id");
  if (other) {
    const fields = { biz: tx.business_id, message_id, other: other.id, provider };
    log.error(fields, "[WA-ERROR] the provider gave two messages one id");
    await save(tx, row, {}, { status: "sent", error: null });
    return settle(tx, row, log);
  }
  await identifyMessage(tx, message_id, provider, provider_msg_id);
  await save(tx, row, { state: "accepted", next_at: at(now + FIRST_LOOK_MS), insisted: false });
  // A receipt that came before this may have moved it on already.
  await tx
    .trx("messages")
    .where({ id: message_id, status: row.status })
    .update({ status: "queued", error: null });
  tx.emit("message", { id: message_id, thread_id: row.thread_id });
  await resolveStuck(tx, row);
}

/** It was not sent, and is to be tried again at `when`. */
export async function requeue(
  tx: BusinessTx,
  row: OutboxRow,
  when: number,
  more: Partial<Omit<OutboxState, "message_id" | "template">> = {},
): Promise<void> {
  const state = { state: "waiting", next_at: at(when), insisted: false, ...more } as const;
  await save(tx, row, state, { status: "queued", error: null, provider_msg_id: null });
  await resolveStuck(tx, row);
}

/** There is nothing more to do, whatever the message's status is. */
export async function settle(tx: BusinessTx, row: OutboxRow, log: Logger): Promise<void> {
  await save(tx, row, { state: "done", next_at: null });
  await resolveStuck(tx, row);
  if (row.status === "failed" && !row.error?.startsWith("discarded"))
    await tellFailed(tx, row, log);
}

/** A person gives it up. What a provider may have is asked for back. */
export async function discard(tx: BusinessTx, row: OutboxRow, now: number): Promise<void> {
  const { language } = await loadSettings(tx);
  await resolveStuck(tx, row);
  const state =
    row.state === "waiting"
      ? ({ state: "done", next_at: null } as const)
      : ({ state: "trying", insisted: false, next_at: at(now) } as const);
  await save(tx, row, state, { status: "failed", error: unsentError("discarded", language) });
}

/** It never will be sent. @param why a reason of ours, or the provider's words */
export async function fail(
  tx: BusinessTx,
  row: OutboxRow,
  why: Unsent | { error: string },
  log: Logger,
): Promise<void> {
  const { language } = await loadSettings(tx);
  const error = typeof why === "string" ? unsentError(why, language) : why.error.slice(0, 1000);
  await save(tx, row, {}, { status: "failed", error });
  const reason = error.split(":")[0];
  log.warn({ biz: tx.business_id, message_id: row.message_id, reason }, "[WA-ERROR] not sent");
  await settle(tx, row, log);
}

/** Nobody knows whether it was sent: a person decides, and is told. */
export async function hold(
  tx: BusinessTx,
  row: OutboxRow,
  why: string,
  log: Logger,
): Promise<void> {
  const { message_id, thread_id, provider } = row;
  const { language } = await loadSettings(tx);
  await save(tx, row, {}, { status: "held", error: why });
  log.error({ biz: tx.business_id, message_id, provider, why }, "[WA-ERROR] message held");
  const { stuck, stuck_body } = outboxNotices(language);
  const news = {
    kind: "message_stuck",
    title: stuck,
    body: stuck_body(row.peer_number),
    alert: true,
  };
  await notify(tx, { ...news, link: linkTo(thread_id), dedupe_key: stuckKey(row) }, log);
}

async function tellFailed(tx: BusinessTx, row: OutboxRow, log: Logger): Promise<void> {
  const { message_id, thread_id, peer_number, error, attempts } = row;
  const { language } = await loadSettings(tx);
  const { failed, failed_body } = outboxNotices(language);
  const body = failed_body(peer_number, error ?? "");
  const news = { kind: "message_failed", title: failed, body, link: linkTo(thread_id) };
  await notify(tx, { ...news, dedupe_key: `message_failed:${message_id}:${attempts}` }, log);
}

/** The doubt about a message is over. */
const resolveStuck = (tx: BusinessTx, row: OutboxRow): Promise<void> =>
  resolveNotification(tx, stuckKey(row), new Date());

/** An attempt is in doubt once. */
const stuckKey = ({ message_id, attempts }: OutboxRow) => `message_stuck:${message_id}:${attempts}`;
const linkTo = (thread_id: number): string => `/app/inbox/${thread_id}`;
