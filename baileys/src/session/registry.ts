import type { GatewaySend, GatewaySession } from "@agentlocator/contract";
import type { Logger } from "pino";
import type { Delivery } from "../delivery/index.ts";
import { ProblemError } from "../problem.ts";
import { storedBusinesses } from "../storage/index.ts";
import type { openBusiness } from "../storage/index.ts";
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
  const jitter = createJitter();
  const later = new Set<NodeJS.Timeout>();
  let stopping = false;

  async function open(businessId: number): Promise<Business> {
    const storage = await deps.openStorage({ dir, businessId, secret, log });
    const business = createBusiness({ storage, wire, timing, log, jitter, fetchMedia });
    delivery.attach(businessId, storage.inbox, ({ data }) => data);
    opened.set(businessId, business);
    faults.delete(businessId);
    return business;
  }

  /** The business; makes its folder when there is none. */
  function ensure(id: number): Promise<Business> {
    if (stopping) throw new ProblemError(503, "stopping", "The gateway is being stopped.");
    const known = businesses.get(id);
    if (known) return known;
    const opening = open(id).catch((error: unknown) => {
      businesses.delete(id);
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
      if (!stopping) later.add(setTimeout(() => void resume(id), AGAIN_MS * timing.backoff));
    }
  }

  const status = (id: number): GatewaySession =>
    opened.get(id)?.status() ?? unknownSession(id, faults.get(id) ?? null);

  return {
    ensure,
    status,
    /** The business, when its folder is open. */
    find: (id: number): Business | undefined => opened.get(id),

    /** The business, when it has a folder that can be opened. */
    async known(id: number): Promise<Business | undefined> {
      return businesses.get(id)?.catch(() => undefined);
    },

    sessions(): GatewaySession[] {
      const ids = [...new Set([...opened.keys(), ...faults.keys()])];
      return ids.toSorted((a, b) => a - b).map(status);
    },

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
