import type { GatewayConnectionEvent } from "@agentlocator/contract";
import type { BusinessTx } from "../../../db/database.ts";
import { applyConnection } from "./apply-connection.ts";
import { createConsole } from "./console.ts";
import type { ConsoleDeps } from "./console.ts";
import { reconcileJobs, scheduleReconcile } from "./reconcile.ts";
import { channelRoutes } from "./routes.ts";
import { baileysHealth, twilioSender } from "./status.ts";
import type { ProviderHealth } from "./status.ts";
import { findChannel } from "./store.ts";

export { createFleet } from "./fleet.ts";
export { createGatewayClient } from "./gateway-client.ts";
export type { GatewayClient, GatewayMediaBytes, GatewaySendState } from "./gateway-client.ts";
export { GatewayRefused, GatewayUnreachable } from "./gateway-errors.ts";
export { twilioSenders } from "./status.ts";
export type { ProviderHealth } from "./status.ts";

/** The business's WhatsApp channel: its state, its incidents, and the page where it is connected. */
export function createChannel(deps: ConsoleDeps) {
  return {
    routes: channelRoutes(createConsole(deps)),
    jobs: reconcileJobs(deps),
    /** Takes a `connection` report of the gateway, in the transaction of its webhook. */
    applyConnection: (tx: BusinessTx, event: GatewayConnectionEvent) =>
      applyConnection(tx, event, deps),
    /** What can carry the business's messages, as far as is known without asking anybody. */
    providerHealth: async (tx: BusinessTx): Promise<ProviderHealth> => ({
      baileys: deps.gateway ? baileysHealth(await findChannel(tx)) : "never_paired",
      twilio: (await twilioSender(tx, deps.env)) === null ? "disabled" : "enabled",
    }),
    /** Begins to compare what is known with what the gateway says, every few seconds. */
    start: async (): Promise<void> => {
      if (deps.gateway) await scheduleReconcile(deps.db);
    },
  };
}
