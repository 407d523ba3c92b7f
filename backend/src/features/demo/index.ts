import { z } from "zod";
import { notFound, problem } from "../../http/problem.ts";
import { defineRoute } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";

const TIMEOUT_MS = 5000;

/**
 * `POST /api/demo/call` and `/chat`: ask the demo's simulated world for a call to the acting
 * business, or for a customer who writes. There is no such thing outside of a demo.
 * @param control_url where the simulators listen on loopback; undefined when this is no demo
 */
export function demoRoutes({ control_url }: { control_url: string | undefined }): Route[] {
  async function ask<T>(what: string, body: object): Promise<T> {
    if (!control_url) throw notFound("The demo");
    const response = await fetch(`${control_url}/${what}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw problem(503, "demo_unavailable", "The demo can't do this now.");
    return (await response.json()) as T;
  }

  const place = defineRoute({
    id: "placeDemoCall",
    method: "post",
    path: "/api/demo/call",
    summary: "In a demo: let a simulated customer call now",
    access: { business: "calls.read" },
    transaction: false,
    body: z.strictObject({ scenario: z.enum(["booking", "interruption", "dead_model"]) }),
    response: z.object({ call_sid: z.string() }),
    handler: ({ business_id, body }) => ask<{ call_sid: string }>("call", { business_id, ...body }),
  });

  const write = defineRoute({
    id: "startDemoChat",
    method: "post",
    path: "/api/demo/chat",
    summary: "In a demo: let a simulated customer write on WhatsApp now",
    access: { business: "threads.read" },
    transaction: false,
    response: z.object({ from: z.string() }),
    handler: ({ business_id }) => ask<{ from: string }>("chat", { business_id }),
  });
  return [place, write];
}
