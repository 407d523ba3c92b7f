import { Id, Message, WhatsappRetry } from "@agentlocator/contract";
import { z } from "zod";
import type { BusinessTx } from "../../../db/database.ts";
import { problem } from "../../../http/problem.ts";
import { defineRoute, type Route } from "../../../http/route.ts";
import type { Clock } from "../../../platform/clock.ts";
import { requireMessage } from "../../conversations/index.ts";
import { requireSendable } from "./decide.ts";
import type { FactsDeps } from "./facts.ts";
import { lookAtThread } from "./queue.ts";
import { findRow, save, type OutboxRow } from "./store.ts";
import { templateStatus } from "./templates/index.ts";
import { discard, requeue } from "./transitions.ts";

export interface MessageRoutesDeps {
  clock: Clock;
  facts: FactsDeps;
}

const params = z.strictObject({ id: Id });

/** What a person decides about a message that is held or was not sent. */
export function messageRoutes(deps: MessageRoutesDeps): Route[] {
  return [
    defineRoute({
      id: "retryMessage",
      method: "post",
      path: "/api/messages/{id}/retry",
      summary: "Sends a held or failed message again; 422 with the reason when that can't be",
      access: { business: "threads.write" },
      params,
      body: WhatsappRetry,
      response: Message,
      rate_limit: { points: 60, seconds: 60 },
      handler: async ({ tx, params: { id }, body }) => {
        const row = await requireRow(tx, id, ["held", "failed"]);
        const { thread_id, text, template } = row;
        const provider = body.provider ?? row.asked_provider;
        const status = template && (await templateStatus(tx, template.content_sid));
        const asked = { thread_id, provider, template: status, text };
        await requireSendable(tx, deps.facts, asked, deps.clock.now());
        await sendAgain(tx, row, provider, deps.clock.now());
        return requireMessage(tx, id);
      },
    }),
    defineRoute({
      id: "discardMessage",
      method: "post",
      path: "/api/messages/{id}/discard",
      summary: "Gives up a message that is held or waits to be sent",
      access: { business: "threads.write" },
      params,
      response: Message,
      handler: async ({ tx, params: { id } }) => {
        const row = await requireRow(tx, id, ["held", "queued"]);
        if (row.status === "queued" && row.state !== "waiting") {
          throw problem(409, "being_sent", "This message is being sent right now.");
        }
        await discard(tx, row, deps.clock.now());
        await lookAtThread(tx, row.thread_id);
        return requireMessage(tx, id);
      },
    }),
  ];
}

/** @throws 404 for what is no message of ours, 409 when it is not in one of these states */
async function requireRow(
  tx: BusinessTx,
  id: number,
  statuses: OutboxRow["status"][],
): Promise<OutboxRow> {
  const { status } = await requireMessage(tx, id);
  const row = await findRow(tx, id);
  if (row && statuses.includes(row.status)) return row;
  const detail = `This message is ${row?.status ?? status}: there is nothing to decide about it.`;
  throw problem(409, "not_undecided", detail);
}

/** What may have been sent is asked about once more, and then sent whatever the answer. */
async function sendAgain(
  tx: BusinessTx,
  row: OutboxRow,
  asked_provider: OutboxRow["asked_provider"],
  now: number,
): Promise<void> {
  const queued_at = new Date(now).toISOString();
  if (row.state === "done") {
    // A provider that said no has done with its key.
    const generation = row.generation + 1;
    await requeue(tx, row, now, { generation, queued_at, window_refused: false, asked_provider });
  } else {
    const state = { state: "trying", insisted: true, next_at: queued_at, queued_at } as const;
    await save(tx, row, { ...state, asked_provider }, { status: "queued", error: null });
  }
  await lookAtThread(tx, row.thread_id);
}
