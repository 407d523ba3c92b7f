import { Dashboard } from "@agentlocator/contract";
import { defineRoute } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";
import type { Clock } from "../../platform/clock.ts";
import { loadDashboard } from "./store.ts";

/** `GET /api/dashboard`. */
export function dashboardRoutes({ clock }: { clock: Clock }): Route[] {
  return [
    defineRoute({
      id: "getDashboard",
      method: "get",
      path: "/api/dashboard",
      summary: "Figures for the first page",
      access: { business: "calls.read" },
      response: Dashboard,
      handler: ({ tx }) => loadDashboard(tx, clock.now()),
    }),
  ];
}
