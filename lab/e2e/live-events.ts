import { once } from "node:events";
import { request as plain } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as tls } from "node:https";
import type { EventName, EventRef } from "@agentlocator/contract";
import { until } from "./eventually.ts";

export interface LiveEvent {
  /** Absent in events that are not stored, such as who is talking. */
  id?: number;
  name: EventName | "ping" | "reset";
  ref: EventRef;
}

export interface Browser {
  /** All that came so far, without the pings. */
  readonly events: LiveEvent[];
  /** Resolves with the first event that fits, past or to come. */
  waitFor(fits: (event: LiveEvent) => boolean, timeout_ms?: number): Promise<LiveEvent>;
  close(): void;
}

/** Signs in at `url` and reads the live events there, as the console does in a browser. */
export async function openBrowser(
  url: string,
  { email, password }: { email: string; password: string },
  last_event_id?: number,
): Promise<Browser> {
  const login = await fetch(`${url}/api/auth/login`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  const cookies = login.headers.getSetCookie().map((line) => line.split(";", 1)[0]);
  const request = url.startsWith("https:") ? tls : plain;
  const stream = request(`${url}/api/events`, {
    agent: false,
    headers: {
      cookie: cookies.join("; "),
      accept: "text/event-stream",
      ...(last_event_id !== undefined && { "Last-Event-ID": String(last_event_id) }),
    },
  }).end();
  const [response] = (await once(stream, "response")) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`live events: ${response.statusCode}`);

  const events: LiveEvent[] = [];
  let open = false;
  let text = "";
  response.setEncoding("utf8").on("data", (chunk: string) => {
    const blocks = (text + chunk).split("\n\n");
    text = blocks.pop()!;
    for (const event of blocks.flatMap(parse)) {
      open = true;
      if (event.name !== "ping") events.push(event);
    }
  });
  // Cut off by `close`.
  response.on("error", () => {});
  // The first ping says that nothing is missed from now on.
  await until(() => open);
  return {
    events,
    async waitFor(fits, timeout_ms) {
      await until(() => events.some(fits), timeout_ms).catch((error: unknown) => {
        throw new Error(`${String(error)}; there was ${JSON.stringify(events)}`);
      });
      return events.find(fits)!;
    },
    close: () => void stream.destroy(),
  };
}

function parse(block: string): LiveEvent[] {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
  const [id, name, data] = [field("id"), field("event"), field("data")];
  if (!name) return [];
  const ref = JSON.parse(data ?? "{}") as EventRef;
  return [{ ...(id && { id: Number(id) }), name: name as LiveEvent["name"], ref }];
}
