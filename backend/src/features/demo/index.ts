import { z } from "zod";
import { notFound, problem } from "../../http/problem.ts";
import { defineRoute } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";

const TIMEOUT_MS = 5000;

/**
 * `POST /api/demo/call`: asks the demo's simulated telephone network for a call to the acting
 * business. There is no such thing outside of a demo.
 * @param control_url where the simulators listen on loopback; undefined when this is no demo
 */
export function demoRoutes({ control_url }: { control_url: string | undefined }): Route[] {
  const place = defineRoute({
    id: "placeDemoCall",
    method: "post",
    path: "/api/demo/call",
    summary: "In a demo: let a simulated customer call now",
    access: { business: "calls.read" },
    transaction: false,
    body: z.strictObject({ scenario: z.enum(["booking", "interruption", "dead_model"]) }),
    response: z.object({ call_sid: z.string() }),
    handler: async ({ business_id, body }) => {
      if (!control_url) throw notFound("The demo");
      const response = await fetch(`${control_url}/call`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ business_id, ...body }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!response.ok) throw problem(503, "demo_unavailable", "The demo can't place a call now.");
      return (await response.json()) as { call_sid: string };
    },
  });
  return [place];
}
