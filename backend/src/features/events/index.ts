import type { PassThrough } from "node:stream";
import type { EventRef } from "@agentlocator/contract";
import type { Database } from "../../db/database.ts";
import type { JobHandlers } from "../../db/jobs.ts";
import { defineRoute } from "../../http/route.ts";
import { problem } from "../../http/problem.ts";
import type { Route } from "../../http/route.ts";
import { actingBusiness, SESSION_COOKIE } from "../../http/session.ts";
import type { LoadSession } from "../../http/session.ts";
import type { Bus } from "../../platform/bus/index.ts";
import type { Logger } from "../../platform/log.ts";
import { pruneEvents } from "./store.ts";
import { openEventStream, topicOf } from "./stream.ts";

/** Streams of one session: more tabs than anybody has, and few enough to cost nothing. */
const MOST_STREAMS = 20;

interface Deps {
  db: Database;
  bus: Bus;
  log: Logger;
  loadSession: LoadSession;
}

/** `GET /api/events`: what changes in the acting business, as it changes. */
export function createEvents(deps: Deps): { routes: Route[]; endStreams(): void } {
  /** Each stream with the session that opened it. */
  const open = new Map<PassThrough, string>();
  const stream = defineRoute({
    id: "streamEvents",
    method: "get",
    path: "/api/events",
    summary: "Live events of the acting business (server-sent events, Last-Event-ID replay)",
    access: { business: "notifications.read" },
    response: { raw: "text/event-stream" },
    transaction: false,
    handler: async ({ ctx, business_id }) => {
      const last = ctx.get("Last-Event-ID");
      const cookie = ctx.cookies.get(SESSION_COOKIE) ?? "";
      const own = [...open.values()].filter((session) => session === cookie).length;
      if (own >= MOST_STREAMS) {
        throw problem(429, "too_many_streams", "This session listens in too many places already.");
      }
      ctx.set({
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
      });
      ctx.req.socket.setKeepAlive(true);
      const events = openEventStream(deps, {
        business_id,
        after: /^\d{1,15}$/.test(last) ? Number(last) : null,
        stillAllowed: async () => {
          const session = await deps.loadSession(cookie);
          return session !== null && actingBusiness(session, business_id) === business_id;
        },
      });
      open.set(
        events.once("close", () => open.delete(events)),
        cookie,
      );
      ctx.body = events;
    },
  });
  return {
    routes: [stream],
    /** Before the server closes: browsers come back by themselves, to whoever serves then. */
    endStreams() {
      for (const events of open.keys()) events.end();
    },
  };
}

export const eventsJobs = ({ db }: Pick<Deps, "db">): JobHandlers => ({
  prune_events: () => db.inSystem(pruneEvents),
});

/** Tells every replica's streams that the business has new stored events. */
export const announceEvents = (bus: Bus, business_id: number): void => {
  void bus.publish(topicOf(business_id), null);
};

/** Sends a passing event that is worth nothing a moment later, such as who is talking. */
export function announcePassing(bus: Bus, business_id: number, ref: EventRef): void {
  void bus.publish(topicOf(business_id), { name: "call", ref: { ...ref } });
}
