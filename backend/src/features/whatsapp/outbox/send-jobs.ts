import type { Database } from "../../../db/database.ts";
import type { JobHandlers } from "../../../db/jobs.ts";
import type { Clock } from "../../../platform/clock.ts";
import type { Carrier, Outcome, Standing } from "./carrier.ts";
import { nextStep, type Step, type StepDeps } from "./next-step.ts";
import type { Provider } from "./policy.ts";
import { lookAtThread } from "./queue.ts";
import { record } from "./record.ts";

export interface SendJobsDeps extends StepDeps {
  db: Database;
  clock: Clock;
  carriers: Record<Provider, Carrier>;
}

/** Steps in one look; what is left is looked at in the next. */
const MOST_STEPS = 50;
/** Attempts in a row of which the gateway's answer was lost. */
const MOST_LOST = 3;

/**
 * `whatsapp.send` looks at a thread: it brings what waits to a provider, in order, and finds out
 * what became of what is on its way. Before a provider is asked it is written down that it will be,
 * so a process killed at any line leaves a message either to be sent or to be asked about.
 */
export function sendJobs(deps: SendJobsDeps): JobHandlers {
  const { db, clock, log } = deps;

  async function look(business_id: number, thread_id: number): Promise<void> {
    let gateway_down = false;
    for (let steps = 0; steps < MOST_STEPS; steps += 1) {
      const step = await db.inBusiness(business_id, async (tx) => {
        const next = await nextStep(tx, thread_id, { now: clock.now(), gateway_down }, deps);
        if ("kind" in next) return next;
        if (next.next_at) await lookAtThread(tx, thread_id, next.next_at);
        return null;
      });
      if (!step) return;
      const answer = await ask(deps.carriers[step.provider], step);
      await db.inBusiness(business_id, (tx) => record(tx, step, answer, { now: clock.now(), log }));
      gateway_down ||= step.provider === "baileys" && isDown(answer, step);
    }
    await db.inBusiness(business_id, (tx) => lookAtThread(tx, thread_id));
  }

  return { "whatsapp.send": ({ business_id, thread_id }) => look(business_id, Number(thread_id)) };
}

/** Also a gateway that answers, but not when it is to send. */
function isDown(answer: Outcome | Standing, { row }: Step): boolean {
  if (answer.kind !== "not_taken") return false;
  return answer.down === true || (answer.burnt === true && row.attempts >= MOST_LOST);
}

function ask(carrier: Carrier, { kind, message }: Step): Promise<Outcome | Standing> {
  return kind === "standing" ? carrier.standing(message) : carrier[kind](message);
}
