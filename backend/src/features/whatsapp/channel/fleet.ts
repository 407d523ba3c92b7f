import { setTimeout as wait } from "node:timers/promises";
import type { GatewaySession } from "@agentlocator/contract";
import type { Owners } from "../leases/index.ts";
import { createGatewayClient } from "./gateway-client.ts";
import type { GatewayClient } from "./gateway-client.ts";
import { GatewayUnreachable } from "./gateway-errors.ts";

/** A business that is new, or is changing hands in order, has a gateway by then. Milliseconds. */
const PATIENCE_MS = 8000;
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

  async function of(business_id: number, patience_ms = 0): Promise<GatewayClient> {
    const until = performance.now() + patience_ms;
    for (;;) {
      const url = await owners.of(business_id);
      if (url !== null) return at(url);
      if (performance.now() >= until) {
        throw new GatewayUnreachable("No gateway has this business at the moment.", true);
      }
      await wait(LOOK_MS);
    }
  }

  return {
    start: async (id) => (await of(id, PATIENCE_MS)).start(id),
    session: async (id, timeout_ms) => (await of(id)).session(id, timeout_ms),

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

    pairingCode: async (id, phone) => (await of(id, PATIENCE_MS)).pairingCode(id, phone),
    remove: async (id) => (await of(id, PATIENCE_MS)).remove(id),
    send: async (message) => (await of(message.businessId)).send(message),
    sendState: async (id, key) => (await of(id)).sendState(id, key),
    cancelSend: async (id, key) => (await of(id)).cancelSend(id, key),
    read: async (id, messages) => (await of(id)).read(id, messages),
    typing: async (id, to, on) => (await of(id)).typing(id, to, on),
    media: async (id, ref) => (await of(id)).media(id, ref),
  };
}

/** For `catch`: null when a gateway did not answer. */
function onlyUnreachable(error: unknown): null {
  if (error instanceof GatewayUnreachable) return null;
  throw error;
}
