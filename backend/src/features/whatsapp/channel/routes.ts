import { Empty, page, PageQuery, PairingCode, PairingCodeAsked } from "@agentlocator/contract";
import { WhatsappIncident, WhatsappStatus } from "@agentlocator/contract";
import { defineRoute } from "../../../http/route.ts";
import type { Route } from "../../../http/route.ts";
import type { ChannelConsole } from "./console.ts";
import { listIncidents } from "./incidents.ts";

const reads = { business: "whatsapp.read" } as const;
const manages = { business: "whatsapp.manage" } as const;

/** The WhatsApp page: the channel's state, and connecting and disconnecting it. */
export function channelRoutes(channel: ChannelConsole): Route[] {
  return [
    defineRoute({
      id: "getWhatsappStatus",
      method: "get",
      path: "/api/whatsapp/status",
      summary: "The state of the business's WhatsApp, with the QR code while one is to be scanned",
      access: reads,
      response: WhatsappStatus,
      transaction: false,
      handler: ({ business_id, session }) => channel.status(business_id, session),
    }),
    defineRoute({
      id: "connectWhatsapp",
      method: "post",
      path: "/api/whatsapp/connect",
      summary: "Start or restart the session; one that is up or awaits a scan stays as it is",
      access: manages,
      body: Empty,
      response: WhatsappStatus,
      rate_limit: { points: 20, seconds: 60 },
      transaction: false,
      handler: ({ business_id, session }) => channel.connect(business_id, session),
    }),
    defineRoute({
      id: "pairWhatsapp",
      method: "post",
      path: "/api/whatsapp/pairing-code",
      summary: "A code to type on the phone in place of scanning the QR code",
      access: manages,
      body: PairingCodeAsked,
      response: PairingCode,
      rate_limit: { points: 10, seconds: 300 },
      transaction: false,
      handler: ({ business_id, session, body }) => channel.pair(business_id, session, body.phone),
    }),
    defineRoute({
      id: "disconnectWhatsapp",
      method: "post",
      path: "/api/whatsapp/disconnect",
      summary: "Log out at WhatsApp and erase the pairing",
      access: manages,
      body: Empty,
      response: WhatsappStatus,
      rate_limit: { points: 20, seconds: 60 },
      transaction: false,
      handler: ({ business_id, session }) => channel.disconnect(business_id, session),
    }),
    defineRoute({
      id: "listWhatsappIncidents",
      method: "get",
      path: "/api/whatsapp/incidents",
      summary: "The disconnects that a person had to be told of",
      access: reads,
      query: PageQuery,
      response: page(WhatsappIncident),
      handler: ({ tx, query }) => listIncidents(tx, query),
    }),
  ];
}
