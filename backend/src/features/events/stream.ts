import { PassThrough } from "node:stream";
import type { EventName, EventRef } from "@agentlocator/contract";
import type { Database } from "../../db/database.ts";
import type { Bus } from "../../platform/bus/index.ts";
import type { Logger } from "../../platform/log.ts";
import { eventsSince, lastEventId } from "./store.ts";

const PING_MS = 20_000;
/** More than this behind, a browser is told to fetch everything anew instead. */
const REPLAY_LIMIT = 500;
/** A browser that reads slower than this is cut off; it comes back with its Last-Event-ID. */
const MAX_BUFFERED_BYTES = 256 * 1024;

export const topicOf = (business_id: number) => `events:${business_id}`;

export interface StreamOptions {
  business_id: number;
  ping_ms?: number;
  /** The last event the browser has seen; null for a page that has just loaded its data. */
  after: number | null;
  /**
   * Asked before stored events are sent, and with every ping; false ends the stream (signed out,
   * suspended, left the business).
   */
  stillAllowed(): Promise<boolean>;
}

/**
 * Server-sent events of one business. Stored events carry their id, so that the browser's
 * `Last-Event-ID` continues where it stopped; passing ones (who is talking) carry none. The bus
 * only says "there is more": what is sent always comes from the table.
 */
export function openEventStream(
  deps: { db: Database; bus: Bus; log: Logger },
  { business_id, after, stillAllowed, ping_ms = PING_MS }: StreamOptions,
): PassThrough {
  const { db, bus, log } = deps;
  const out = new PassThrough();
  let cursor = after;
  let running: Promise<boolean> | null = null;
  let again = false;

  function send(name: string, data: unknown, id?: number): void {
    if (out.writableLength > MAX_BUFFERED_BYTES) out.destroy();
    if (out.destroyed || out.writableEnded) return;
    out.write(
      `${id === undefined ? "" : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`,
    );
  }

  /** Sends what there is. True when all of it was read, or there is nobody left to send it to. */
  function pump(): Promise<boolean> {
    again = true;
    running ??= read();
    return running;
  }

  async function read(): Promise<boolean> {
    try {
      while (again) {
        again = false;
        await sendStored();
      }
      return true;
    } catch (error) {
      // The next ping tries again, and the browser shows that nothing has come for a while.
      log.warn({ err: error, biz: business_id }, "[HTTP] live events could not be read");
      return false;
    } finally {
      running = null;
    }
  }

  async function sendStored(): Promise<void> {
    cursor ??= await db.inBusiness(business_id, lastEventId);
    const since = cursor;
    const page = await db.inBusiness(business_id, (tx) => eventsSince(tx, since, REPLAY_LIMIT));
    // Asked after the reading: nothing is sent that came later than the end of the session.
    if (!(await stillAllowed())) return void out.end();
    if (page.gap) {
      cursor = page.last;
      send("reset", {}, page.last);
      return;
    }
    for (const event of page.events) {
      cursor = event.id;
      send(event.name, event.ref, event.id);
    }
  }

  const unsubscribe = bus.subscribe(topicOf(business_id), (message) => {
    const passing = message as { name: EventName; ref: EventRef } | null;
    if (passing) send(passing.name, passing.ref);
    else void pump();
  });
  const unsubscribeResume = bus.onResume(() => void pump());
  const ping = setInterval(() => {
    // While the database is away there is no ping, so that the browser says its view may be stale.
    void pump().then((read) => read && send("ping", {}));
  }, ping_ms);

  out.on("close", () => {
    clearInterval(ping);
    unsubscribe();
    unsubscribeResume();
  });
  out.write("retry: 2000\n\n");
  send("ping", {});
  void pump();
  return out;
}
