import type { GatewaySend, GatewaySession } from "@agentlocator/contract";
import type { Logger } from "pino";
import type { Delivery } from "../delivery/index.ts";
import { notOwned, ProblemError } from "../problem.ts";
import { storedBusinesses } from "../storage/index.ts";
import type { Lease, openBusiness } from "../storage/index.ts";
import { atOnce } from "./at-once.ts";
import { createBusiness, unknownSession } from "./business.ts";
import type { Business } from "./business.ts";
import type { FetchedMedia } from "../sending/compose.ts";
import { createJitter } from "./outage.ts";
import type { Wire } from "./socket.ts";
import type { Timing } from "./timing.ts";
import { whyOf } from "./why.ts";

/** Sessions that are brought up at the same time when the process starts. */
const AT_ONCE = 5;
/** Until a storage that could not be opened is tried again. */
const AGAIN_MS = 10_000;

export interface RegistryDeps {
  /** WA_STORAGE_DIR */
  readonly dir: string;
  /** APP_SECRET */
  readonly secret: string | undefined;
  /** One of several gateways: only what was given by `take` is its own. */
  readonly leased: boolean;
  readonly openStorage: typeof openBusiness;
  readonly wire: Wire;
  readonly timing: Timing;
  readonly delivery: Delivery;
  readonly fetchMedia: (url: string, type: GatewaySend["type"]) => Promise<FetchedMedia>;
  readonly log: Logger;
}

/** All businesses of the gateway; what goes wrong with one stays with it. */
export function createRegistry(deps: RegistryDeps) {
  const { dir, secret, wire, timing, delivery, fetchMedia, log } = deps;
  const businesses = new Map<number, Promise<Business>>();
  const opened = new Map<number, Business>();
  /** Why a business's folder could not be opened. */
  const faults = new Map<number, string>();
  const leases = new Map<number, Lease>();
  /** Businesses that are being let go of; each is opened again only afterwards. */
  const endings = new Map<number, Promise<void>>();
  const jitter = createJitter();
  const later = new Set<NodeJS.Timeout>();
  let stopping = false;

  async function open(businessId: number): Promise<Business> {
    const lease = leases.get(businessId);
    await endings.get(businessId);
    const storage = await deps.openStorage({ dir, businessId, secret, log, lease });
    if (leases.get(businessId) !== lease) {
      await storage.close();
      throw notOwned();
    }
    const business = createBusiness({ storage, wire, timing, log, jitter, fetchMedia });
    delivery.attach(businessId, storage.inbox, ({ data }) => data);
    opened.set(businessId, business);
    faults.delete(businessId);
    return business;
  }

  /** @throws ProblemError 409 when another gateway has the business, or may have it by now */
  function mustOwn(id: number): void {
    if (deps.leased && !leases.get(id)?.held()) throw notOwned();
  }

  /** The business; makes its folder when there is none. */
  async function ensure(id: number): Promise<Business> {
    mustOwn(id);
    if (stopping) throw new ProblemError(503, "stopping", "The gateway is being stopped.");
    const known = businesses.get(id);
    if (known) return known;
    const opening = open(id).catch((error: unknown) => {
      if (businesses.get(id) === opening) businesses.delete(id);
      if (error instanceof ProblemError) throw error;
      const why = whyOf(error);
      faults.set(id, why);
      log.error({ business_id: id, why }, "[WA-ERROR] a business's storage can't be opened");
      throw new ProblemError(409, "storage", why);
    });
    businesses.set(id, opening);
    return opening;
  }

  async function resume(id: number): Promise<void> {
    try {
      const { session } = await ensure(id);
      if (!session.wanted()) return;
      await session.start(false);
      const begun = () => {
        const { state, qr } = session.status();
        return state !== "connecting" || qr !== null;
      };
      await session.until(begun, timing.login + timing.open);
    } catch {
      // Told and logged by `ensure`: the disk, or a gateway that is still ending.
      const own = !deps.leased || leases.get(id)?.held();
      if (!stopping && own) later.add(setTimeout(() => void resume(id), AGAIN_MS * timing.backoff));
    }
  }

  const status = (id: number): GatewaySession =>
    opened.get(id)?.status() ?? unknownSession(id, faults.get(id) ?? null);

  async function drop(id: number, ms: number): Promise<void> {
    leases.delete(id);
    const opening = businesses.get(id);
    if (ms === 0) opened.get(id)?.cut();
    businesses.delete(id);
    opened.delete(id);
    faults.delete(id);
    const before = endings.get(id);
    const ending = (async () => {
      await before;
      await delivery.detach(id);
      // One that could not be opened has told so.
      await (await opening?.catch(() => undefined))?.stop(ms);
    })().catch((error: unknown) => {
      log.warn({ business_id: id, why: whyOf(error) }, "[WA] a business was not closed in order");
    });
    endings.set(id, ending);
    await ending;
    if (endings.get(id) === ending) endings.delete(id);
  }

  return {
    ensure,
    /** @throws ProblemError 409 */
    status(id: number): GatewaySession {
      mustOwn(id);
      return status(id);
    },
    /** The business, when its folder is open. */
    find: (id: number): Business | undefined => opened.get(id),

    /** The business, when it has a folder that can be opened. */
    async known(id: number): Promise<Business | undefined> {
      mustOwn(id);
      const opening = businesses.get(id);
      if (opening) return opening.catch(() => undefined);
      // Given a moment ago: what it has taken and sent is known to its folder alone.
      return deps.leased && (await storedBusinesses(dir)).includes(id) ? ensure(id) : undefined;
    },

    sessions(): GatewaySession[] {
      const ids = [...new Set([...opened.keys(), ...faults.keys()])];
      return ids.toSorted((a, b) => a - b).map(status);
    },

    /** These are this gateway's now; what is stored of them is brought up. */
    take(given: ReadonlyMap<number, Lease>): void {
      for (const [id, lease] of given) leases.set(id, lease);
      void storedBusinesses(dir).then(
        (stored) =>
          atOnce(
            AT_ONCE,
            stored.filter((id) => given.has(id)),
            resume,
          ),
        (error: unknown) =>
          log.error({ why: whyOf(error) }, "[WA-ERROR] nothing can be brought up"),
      );
    },

    /** The business is no more this gateway's. Ends it in order within about `ms`; 0: at once. */
    drop,

    /** Opens what is stored; resolves when each business can be asked about. */
    async openAll(): Promise<void> {
      const ids = await storedBusinesses(dir);
      await atOnce(AT_ONCE, ids, async (id) => void (await ensure(id).catch(() => {})));
    },

    /** Connects those that are to be connected. */
    async resumeAll(): Promise<void> {
      await atOnce(AT_ONCE, await storedBusinesses(dir), async (id) => {
        if (!stopping) await resume(id);
      });
    },

    /** Ends all in order, each at the latest after about twice `ms`. */
    async stop(ms: number): Promise<void> {
      stopping = true;
      for (const timer of later) clearTimeout(timer);
      await Promise.all(endings.values());
      const all = await Promise.allSettled(businesses.values());
      const ended = all.flatMap((one) => (one.status === "fulfilled" ? [one.value.stop(ms)] : []));
      for (const result of await Promise.allSettled(ended)) {
        if (result.status === "fulfilled") continue;
        const { message } = result.reason as Error;
        log.error({ why: message }, "[WA-ERROR] a session did not end in order");
      }
    },
  };
}

export type Registry = ReturnType<typeof createRegistry>;
