import type { GatewayLeases } from "@agentlocator/contract";
import type { Logger } from "pino";
import { whyOf } from "../session/why.ts";
import type { Lease } from "../storage/index.ts";
import type { AskLeases } from "./ask.ts";
import { createElapsed } from "./elapsed.ts";

/** Who has the sessions: told which are its own. */
export interface Holder {
  /** Brings up what is stored of these businesses. */
  take(leases: ReadonlyMap<number, Lease>): void;
  /**
   * Ends the session, in order within about `ms`; with 0 its connection is cut before this returns.
   * Never rejects.
   */
  drop(business_id: number, ms: number): Promise<void>;
}

export interface Keeper {
  start(): void;
  /** Asks no more; what there is stays until it runs out. */
  stop(): Promise<void>;
  /** Gives everything back; the sessions have been ended. */
  leave(): Promise<void>;
}

/** Before the first answer, which says how long leases last. */
const FIRST_MS = 1000;
const FIRST_TTL_MS = 15_000;
/** Renewals in the time of a lease: some may fail. */
const RENEWALS = 5;
/** Of the time of a lease, for the answer to one question. */
const PATIENCE = 1 / 4;
const LEAVE_MS = 1000;

/**
 * Keeps this gateway's leases: renews all of them with one question, begins the sessions that it is
 * given and ends those that it loses. A lease is counted from before the question was asked, on a
 * clock that can't be set, so it always ends here before it does in the database, whatever the
 * network or a pause of this process did to the answer.
 */
export function createKeeper(options: {
  ask: AskLeases;
  holder: Holder;
  /** Of an orderly end of a session. Milliseconds. */
  goodbye_ms: number;
  log: Logger;
}): Keeper {
  const { ask, holder, goodbye_ms, log } = options;
  const elapsed = createElapsed();
  const held = new Map<number, Lease>();
  /** Being ended in order, to be given back. */
  const leaving = new Set<number>();
  let ends_at = 0;
  let every_ms = FIRST_MS;
  let ttl_ms = FIRST_TTL_MS;
  let given_back: { business_id: number; epoch: number }[] = [];
  let answers = true;
  let stopping = false;
  let next: NodeJS.Timeout | undefined;
  let end: NodeJS.Timeout | undefined;
  let asking: Promise<void> = Promise.resolve();

  const isOver = () => elapsed() >= ends_at;

  function leaseOf(business_id: number, epoch: number): Lease {
    const lease: Lease = {
      epoch,
      held: () => held.get(business_id) === lease && !isOver(),
    };
    return lease;
  }

  function drop(business_id: number, ms: number): Promise<void> {
    held.delete(business_id);
    return holder.drop(business_id, ms);
  }

  /** Nobody heard from us for the time of a lease: others may have everything now. */
  function runOut(): void {
    if (!isOver()) return void (end = setTimeout(runOut, ends_at - elapsed()));
    if (held.size === 0) return;
    log.error({ sessions: held.size }, "[WA-ERROR] the leases ran out; all sessions are ended");
    for (const id of [...held.keys()]) void drop(id, 0);
  }

  function follow({ leases, give_back }: GatewayLeases): void {
    const now = new Map(leases.map(({ business_id, epoch }) => [business_id, epoch]));
    for (const [id, { epoch }] of [...held]) {
      if (now.get(id) === epoch) continue;
      log.warn({ business_id: id, epoch }, "[WA-ERROR] another gateway has this business now");
      void drop(id, 0);
    }
    const taken = new Map<number, Lease>();
    for (const [id, epoch] of now) {
      if (held.has(id) || leaving.has(id)) continue;
      const lease = leaseOf(id, epoch);
      held.set(id, lease);
      taken.set(id, lease);
      log.info({ business_id: id, epoch }, "[WA] this gateway has the business");
    }
    if (taken.size > 0) holder.take(taken);
    for (const id of give_back) {
      const epoch = held.get(id)?.epoch;
      if (epoch !== undefined && !leaving.has(id)) void giveBack(id, epoch);
    }
  }

  async function giveBack(business_id: number, epoch: number): Promise<void> {
    log.info({ business_id, epoch }, "[WA] this business goes to another gateway");
    leaving.add(business_id);
    await holder.drop(business_id, goodbye_ms);
    held.delete(business_id);
    given_back.push({ business_id, epoch });
    renew();
  }

  async function question(): Promise<void> {
    const asked_at = elapsed();
    const told = given_back;
    const answer = await ask({ given_back: told }, ttl_ms * PATIENCE);
    given_back = given_back.filter((one) => !told.includes(one));
    for (const { business_id } of told) leaving.delete(business_id);
    ttl_ms = answer.ttl_ms;
    every_ms = ttl_ms / RENEWALS;
    ends_at = asked_at + ttl_ms;
    // It was so long in coming that nothing can be done with it.
    if (isOver()) return;
    if (!answers) log.info("[WA] the backend renews leases again");
    answers = true;
    clearTimeout(end);
    end = setTimeout(runOut, ends_at - elapsed());
    if (!stopping) follow(answer);
  }

  /** One question after the other: an answer that overtakes another would undo it. */
  function renew(): void {
    clearTimeout(next);
    asking = asking
      .then(async () => stopping || question())
      .catch((error: unknown) => {
        if (answers) log.warn({ why: whyOf(error) }, "[WA-ERROR] leases could not be renewed");
        answers = false;
      })
      .then(() => {
        clearTimeout(next);
        if (!stopping) next = setTimeout(renew, every_ms);
      });
  }

  return {
    start: renew,
    async stop() {
      stopping = true;
      clearTimeout(next);
      await asking;
    },
    async leave() {
      clearTimeout(end);
      held.clear();
      await ask({ leaving: true }, LEAVE_MS).catch((error: unknown) => {
        log.warn({ why: whyOf(error) }, "[WA-ERROR] leases could not be given back; they run out");
      });
    },
  };
}
