import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { z } from "zod";
import { CALL_SCENARIOS, type CallScenario } from "./scenarios.ts";

const Call = z.strictObject({ business_id: z.number().int(), scenario: z.enum(CALL_SCENARIOS) });
const Chat = z.strictObject({ business_id: z.number().int() });

export interface Control {
  /** Places a call and gives its sid; null when it can't be placed now. */
  place(business_id: number, scenario: CallScenario): string | null;
  /** Has a customer write and gives their number; null when nobody can now. */
  write(business_id: number): string | null;
}

/**
 * On loopback, for the backend's buttons: `POST /call` gives 200 `{call_sid}`, `POST /chat` gives
 * 200 `{from}`; 503 when it can't be now, 400 for a wrong body.
 */
export async function serveControl(control: Control): Promise<{ url: string; server: Server }> {
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    };
    if (request.method !== "POST") return answer(404, {});
    const body: unknown = await json(request).catch(() => undefined);
    if (request.url === "/call") {
      const asked = Call.safeParse(body);
      if (!asked.success) return answer(400, {});
      const call_sid = control.place(asked.data.business_id, asked.data.scenario);
      return call_sid ? answer(200, { call_sid }) : answer(503, {});
    }
    if (request.url === "/chat") {
      const asked = Chat.safeParse(body);
      if (!asked.success) return answer(400, {});
      const from = control.write(asked.data.business_id);
      return from ? answer(200, { from }) : answer(503, {});
    }
    answer(404, {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
