import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { z } from "zod";
import { SCENARIOS, type Scenario } from "./scenarios.ts";

const Body = z.strictObject({ business_id: z.number().int(), scenario: z.enum(SCENARIOS) });

/** Places a call and gives its sid; null when it can't be placed now. */
export type Place = (business_id: number, scenario: Scenario) => string | null;

/** `POST /call` on loopback, for the backend's button: 200 `{call_sid}`, 503, or 400. */
export async function serveControl(place: Place): Promise<{ url: string; server: Server }> {
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    };
    if (request.method !== "POST" || request.url !== "/call") return answer(404, {});
    const body = Body.safeParse(await json(request).catch(() => undefined));
    if (!body.success) return answer(400, {});
    const call_sid = place(body.data.business_id, body.data.scenario);
    if (call_sid) answer(200, { call_sid });
    else answer(503, {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
