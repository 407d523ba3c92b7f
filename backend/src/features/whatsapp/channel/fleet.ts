import { setTimeout as wait } from "node:timers/promises";
import type { GatewaySession } from "@agentlocator/contract";
import type { Owners } from "../leases/index.ts";
import { createGatewayClient } from "./gateway-client.ts";
import type { GatewayClient } from "./gateway-client.ts";
import { GatewayUnreachable } from "./gateway-errors.ts";

/** Somebody waits for it: a business that is new, or is handed over, has a gateway by then. */
const PERSON_MS = 8000;
/** A gateway that has just been given the business hears of it. */
const MOVING_MS = 600;
const LOOK_MS = 200;

/** Several gateways as if they were one: each business's is asked, wherever that is. */
export function createFleet(options: { owners: Owners; secret: string }): GatewayClient {
  const { owners, secret } = options;
  const clients = new Map<string, GatewayClient>();

  function at(url: string): GatewayClient {
    const known = clients.get(url);
    if (known) return known;
    // Addresses come and go with the gateways' restarts.
    if (clients.size > 100) clients.clear();
    const client = createGatewayClient({ url, secret });
    clients.set(url, client);
    return client;
  }

  /** Asks the business's own gateway; for so long again, as long as none has been asked. */
  async function ask<T>(
    business_id: number,
    patience_ms: number,
    run: (gateway: GatewayClient) => Promise<T>,
  ): Promise<T> {
    const until = performance.now() + patience_ms;
    for (;;) {
      try {
        const url = await owners.of(business_id);
        if (url !== null) return await run(at(url));
        throw new GatewayUnreachable("No gateway has this business at the moment.", true);
      } catch (error) {
        const asked = !(error instanceof GatewayUnreachable) || !error.never_asked;
        if (asked || performance.now() >= until) throw error;
        await wait(LOOK_MS);
      }
    }
  }

  return {
    start: (id) => ask(id, PERSON_MS, (gateway) => gateway.start(id)),
    session: (id, timeout_ms) => ask(id, 0, (gateway) => gateway.session(id, timeout_ms)),

    async sessions() {
      const sessions: GatewaySession[] = [];
      const silent = new Set<number>();
      const asked = [...(await owners.all())].map(async ([url, ids]) => {
        const answer = url === null ? null : await at(url).sessions().catch(onlyUnreachable);
        const own = new Set(ids);
        if (answer) sessions.push(...answer.sessions.filter((one) => own.has(one.businessId)));
        else for (const id of ids) silent.add(id);
      });
      await Promise.all(asked);
      return { sessions, silent };
    },

    pairingCode: (id, phone) => ask(id, PERSON_MS, (gateway) => gateway.pairingCode(id, phone)),
    remove: (id) => ask(id, PERSON_MS, (gateway) => gateway.remove(id)),
    send: (message) => ask(message.businessId, MOVING_MS, (gateway) => gateway.send(message)),
    sendState: (id, key) => ask(id, MOVING_MS, (gateway) => gateway.sendState(id, key)),
    cancelSend: (id, key) => ask(id, MOVING_MS, (gateway) => gateway.cancelSend(id, key)),
    read: (id, messages) => ask(id, MOVING_MS, (gateway) => gateway.read(id, messages)),
    typing: (id, to, on) => ask(id, 0, (gateway) => gateway.typing(id, to, on)),
    media: (id, ref) => ask(id, MOVING_MS, (gateway) => gateway.media(id, ref)),
  };
}

/** For `catch`: null when a gateway did not answer. */
function onlyUnreachable(error: unknown): null {
  if (error instanceof GatewayUnreachable) return null;
  throw error;
}
