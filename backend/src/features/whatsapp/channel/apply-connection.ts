import type { GatewayConnectionEvent } from "@agentlocator/contract";
import type { BusinessTx } from "../../../db/database.ts";
import type { Clock } from "../../../platform/clock.ts";
import type { Logger } from "../../../platform/log.ts";
import { follow, isOld, learn, looksSame, stands, whyTell } from "./channel-state.ts";
import type { Channel } from "./channel-state.ts";
import { leaseEpoch } from "../leases/index.ts";
import { closeIncident, openIncident } from "./incidents.ts";
import { lockChannel, saveChannel } from "./store.ts";

export interface ChannelDeps {
  log: Logger;
  clock: Clock;
}

/**
 * Takes a report of the gateway about the business's session: keeps it when it is news, tells the
 * console, and opens or closes the incident. A report that comes twice, late or beside another
 * changes nothing that it should not.
 */
export async function applyConnection(
  tx: BusinessTx,
  event: GatewayConnectionEvent,
  deps: ChannelDeps,
): Promise<void> {
  const now = new Date(deps.clock.now());
  const known = await lockChannel(tx, now);
  const lost = event.epoch !== undefined && event.epoch < (await leaseEpoch(tx));
  const old = lost || isOld(event, known);
  if (old) {
    const { state, since } = event;
    deps.log.debug({ biz: tx.business_id, state, since }, "[WA] an old report is left out");
  }
  const channel = old ? learn(known, event, now) : follow(known, event, now);
  if (channel !== known) await settle(tx, known, channel, deps, false);
}

/** Keeps what the channel has come to, and what follows from it. @param watched see `whyTell` */
export async function settle(
  tx: BusinessTx,
  known: Channel,
  channel: Channel,
  { log, clock }: ChannelDeps,
  watched: boolean,
): Promise<void> {
  const now = new Date(clock.now());
  await saveChannel(tx, channel);
  if (!looksSame(known, channel)) {
    const { state, attempt, reachable } = channel;
    const reason = reachable ? channel.reason : "unreachable";
    const line = `[WA] connection update: state=${state}, reason=${reason ?? "none"}`;
    log.info({ biz: tx.business_id, attempt }, line);
    tx.emit("whatsapp_status", {});
  }
  if (stands(channel)) return closeIncident(tx, now, log);
  const tell = whyTell(channel, now, watched);
  if (tell) await openIncident(tx, tell.reason, now, log);
}
