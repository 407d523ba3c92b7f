import type { BusinessTx } from "../../../db/database.ts";
import type { Logger } from "../../../platform/log.ts";
import type { Outgoing } from "./carrier.ts";
import { gatherFacts, type FactsDeps } from "./facts.ts";
import { isStale, retryAfter } from "./limits.ts";
import { outgoing, type OutgoingDeps } from "./outgoing.ts";
import { chooseProvider, type Provider } from "./policy.ts";
import { save, unsettled, type OutboxRow } from "./store.ts";
import { templateStatus } from "./templates/index.ts";
import { fail, requeue, settle } from "./transitions.ts";

/** What is to be asked of a provider now. */
export interface Step {
  kind: "send" | "withdraw" | "standing";
  provider: Provider;
  row: OutboxRow;
  message: Outgoing;
}

export interface StepDeps {
  facts: FactsDeps;
  outgoing: OutgoingDeps;
  log: Logger;
}

export interface Look {
  now: number;
  /** The gateway took nothing a moment ago. */
  gateway_down: boolean;
}

/** A question to a provider; or whether the messages behind this one may go on. */
type Verdict = { ask: Step["kind"] } | "pass" | "blocked";

/**
 * Goes through what is not settled of a thread, in order, up to the first thing that is to be asked
 * of a provider. A message that is being sent keeps those behind it waiting. One that is held or
 * failed does not: only a person can move it.
 * @returns when there is nothing to ask now, the time of the next look
 */
export async function nextStep(
  tx: BusinessTx,
  thread_id: number,
  look: Look,
  deps: StepDeps,
): Promise<Step | { next_at: Date | null }> {
  const times: number[] = [];
  for (const row of await unsettled(tx, thread_id)) {
    const verdict = await consider(tx, row, look, deps);
    if (typeof verdict === "object") {
      const { provider } = row;
      const message = await outgoing(tx, row, provider, deps.outgoing);
      return { kind: verdict.ask, provider, row, message };
    }
    if (row.next_at !== null) times.push(Date.parse(row.next_at));
    if (verdict === "blocked") break;
  }
  return { next_at: times.length === 0 ? null : new Date(Math.min(...times)) };
}

async function consider(
  tx: BusinessTx,
  row: OutboxRow,
  look: Look,
  deps: StepDeps,
): Promise<Verdict> {
  const due = row.next_at !== null && Date.parse(row.next_at) <= look.now;
  const in_the_way = row.status === "queued" ? "blocked" : "pass";
  if (row.state === "trying") return due ? { ask: "withdraw" } : in_the_way;
  if (row.state === "waiting") return due ? begin(tx, row, look, deps) : in_the_way;
  if (row.status === "queued" || row.status === "held") return due ? { ask: "standing" } : "pass";
  if (!refusedByWindow(row)) {
    await settle(tx, row, deps.log);
    return "pass";
  }
  await requeue(tx, row, look.now, { window_refused: true });
  return begin(tx, row, look, deps);
}

/**
 * Twilio stood in for the gateway and then said that the customer's message to the other number
 * does not count: the message goes by the gateway after all, when that is back.
 */
function refusedByWindow({ status, error, route_reason, window_refused }: OutboxRow): boolean {
  const said = status === "failed" && /^63016\b/.test(error ?? "");
  return said && route_reason === "failover_gateway_down" && !window_refused;
}

/** Chooses the provider, and notes that it is about to be asked: from here on it may have it. */
async function begin(
  tx: BusinessTx,
  row: OutboxRow,
  look: Look,
  { facts, log }: StepDeps,
): Promise<Verdict> {
  const known = await gatherFacts(
    tx,
    facts,
    {
      thread_id: row.thread_id,
      author: row.author,
      asked: row.asked_provider,
      template: row.template && (await templateStatus(tx, row.template.content_sid)),
      may_wait: true,
      window_refused: row.window_refused,
      written_at: row.created_at,
    },
    look.now,
  );
  if (look.gateway_down) known.health.baileys = "down";
  const { provider, reason, refuse } = chooseProvider(known);
  if (refuse !== undefined) {
    await fail(tx, row, refuse, log);
    return "pass";
  }
  if (reason === "waiting_for_gateway" && look.gateway_down) {
    if (isStale(row, look.now)) {
      await fail(tx, row, "not_connected", log);
      return "pass";
    }
    const next_at = new Date(look.now + retryAfter(row.attempts)).toISOString();
    await save(tx, row, { next_at }, { provider, route_reason: reason });
    return "blocked";
  }
  const now = new Date(look.now).toISOString();
  const state = { state: "trying", attempts: row.attempts + 1, attempt_at: now, next_at: now };
  await save(tx, row, state as typeof row, { provider, route_reason: reason });
  return { ask: "send" };
}
