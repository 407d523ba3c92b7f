import type { Inbox, InboxHead } from "../storage/index.ts";
import type {
  Delivery,
  DeliveryClock,
  DeliveryOptions,
  DeliveryStatus,
  RenderEvent,
} from "./index.ts";
import { SLOWEST_MS, newLine, retryIn } from "./line.ts";
import type { Line } from "./line.ts";
import { createPost } from "./post.ts";
import type { Outcome } from "./post.ts";

const TIMEOUT_MS = 10_000;
const CONCURRENCY = { total: 32, per_business: 4 };
/** An entry that failed so often while others were taken steps aside for those behind it. */
const PATIENCE = 5;

const systemClock: DeliveryClock = {
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

interface Business {
  id: number;
  inbox: Inbox;
  render: RenderEvent;
  /** By conversation, and by key those that stepped aside. */
  lines: Map<string, Line>;
  /** Lines whose first entry may go now. */
  ready: Line[];
  running: Set<Promise<void>>;
  stop: AbortController;
}

/**
 * Brings what is recorded to the backend: at least once, in the order of each conversation. What
 * fails holds up its own conversation alone, and what the backend refuses not even that.
 */
export function createDelivery({
  target,
  secret,
  log,
  clock = systemClock,
  timeout_ms = TIMEOUT_MS,
  concurrency = CONCURRENCY,
}: DeliveryOptions): Delivery {
  const post = createPost({ target, secret, timeout_ms });
  const businesses = new Map<number, Business>();
  /** Lines that failed when nothing was taken: once something is, they need not wait longer. */
  const sleeping = new Map<Line, Business>();
  let running = 0;
  let successes = 0;
  let down = false;

  function add(business: Business, head: InboxHead): void {
    const line = business.lines.get(head.thread);
    if (line) {
      line.heads.push(head);
      return;
    }
    const started = newLine(head, false);
    business.lines.set(head.thread, started);
    business.ready.push(started);
  }

  /** Starts what may start; the businesses take turns. */
  function pump(): void {
    let started = true;
    while (started) {
      started = false;
      for (const business of businesses.values()) {
        if (running >= concurrency.total) return;
        if (business.running.size >= concurrency.per_business) continue;
        const line = business.ready.shift();
        if (!line) continue;
        start(business, line);
        started = true;
      }
    }
  }

  function start(business: Business, line: Line): void {
    running += 1;
    const work = attempt(business, line).finally(() => {
      running -= 1;
      business.running.delete(work);
      pump();
    });
    business.running.add(work);
  }

  async function attempt(business: Business, line: Line): Promise<void> {
    const head = line.heads[0]!;
    if (line.failures === 0) line.taken_before = successes;
    const outcome = await bring(business, head);
    if (business.stop.signal.aborted) return;
    if (outcome.kind === "taken") wakeAll();
    if (outcome.kind === "taken" || outcome.kind === "nothing") {
      business.inbox.done(head.key).catch((error: Error) => {
        log.error({ err: error, key: head.key }, "[WA-ERROR] will be delivered again at start");
      });
      next(business, line);
      return;
    }
    failed(business, line, outcome);
  }

  async function bring({ inbox, render, stop }: Business, { key }: InboxHead) {
    let body: string;
    try {
      const entry = await inbox.read(key);
      const event = entry && (await render(entry));
      if (event == null) return { kind: "nothing" } as const;
      body = JSON.stringify(event);
    } catch (error) {
      log.error({ err: error, key }, "[WA-ERROR] an event can't be made of what was recorded");
      return { kind: "refused", why: "it could not be made" } as const;
    }
    return post(body, stop.signal);
  }

  function wakeAll(): void {
    successes += 1;
    if (down) log.info({ lines: sleeping.size }, "[WA] the backend takes events again");
    down = false;
    for (const [line, business] of sleeping) {
      line.cancel?.();
      line.cancel = null;
      business.ready.push(line);
    }
    sleeping.clear();
  }

  /** The first entry is done with. */
  function next(business: Business, line: Line): void {
    const { key, thread } = line.heads.shift()!;
    line.failures = 0;
    line.own_failures = 0;
    if (line.heads.length > 0) business.ready.push(line);
    else business.lines.delete(line.aside ? asideName(key) : thread);
  }

  function failed(
    business: Business,
    line: Line,
    { kind, why }: Exclude<Outcome, { kind: "taken" }>,
  ): void {
    const head = line.heads[0]!;
    // Then the backend is there, and what failed may be the event itself.
    const others = successes > line.taken_before;
    line.taken_before = successes;
    line.failures += 1;
    if (others) line.own_failures += 1;
    const about = { business_id: business.id, key: head.key, why, failures: line.failures };
    if (kind === "refused") {
      log.error(about, "[WA-ERROR] the backend refuses an event; it is kept and tried again");
    } else if (kind === "shut_out") {
      log.error(about, "[WA-ERROR] the backend does not let this gateway in; events are kept");
    } else if (others || !down) {
      log.warn(about, "[WA-ERROR] an event was not delivered; it is tried again");
    }
    if (kind !== "refused" && !others) down = true;
    const stepsAside = kind === "refused" || line.own_failures >= PATIENCE;
    if (stepsAside && !line.aside) {
      next(business, line);
      const aside = newLine(head, true);
      business.lines.set(asideName(head.key), aside);
      wait(business, aside, SLOWEST_MS);
      return;
    }
    if (kind !== "refused" && !others) sleeping.set(line, business);
    const slowly = line.aside || kind !== "failed";
    wait(business, line, slowly ? SLOWEST_MS : retryIn(line.failures));
  }

  function wait(business: Business, line: Line, ms: number): void {
    line.cancel = clock.after(ms, () => {
      line.cancel = null;
      sleeping.delete(line);
      business.ready.push(line);
      pump();
    });
  }

  async function detach(businessId: number): Promise<void> {
    const business = businesses.get(businessId);
    if (!business) return;
    businesses.delete(businessId);
    business.inbox.onRecord(() => {});
    business.stop.abort();
    for (const line of business.lines.values()) {
      line.cancel?.();
      sleeping.delete(line);
    }
    await Promise.all(business.running);
  }

  return {
    attach(businessId, inbox, render) {
      if (businesses.has(businessId)) throw new Error(`business ${businessId} is attached already`);
      const business: Business = {
        id: businessId,
        inbox,
        render,
        lines: new Map(),
        ready: [],
        running: new Set(),
        stop: new AbortController(),
      };
      businesses.set(businessId, business);
      for (const head of inbox.waiting()) add(business, head);
      inbox.onRecord((head) => {
        add(business, head);
        pump();
      });
      pump();
    },
    detach,
    status: (businessId) => statusOf(businesses.get(businessId)),
    async stop() {
      await Promise.all([...businesses.keys()].map(detach));
    },
  };
}

/** Beside the names of conversations. */
const asideName = (key: string) => `\naside\n${key}`;

function statusOf(business: Business | undefined): DeliveryStatus {
  const lines = [...(business?.lines.values() ?? [])];
  const heads = lines.flatMap((line) => line.heads);
  return {
    waiting: heads.length,
    oldest_at: heads.length > 0 ? Math.min(...heads.map(({ at }) => at)) : null,
    refused: lines.filter(({ aside }) => aside).length,
  };
}
