import { AuditEntry, page, PageQuery } from "@agentlocator/contract";
import { defineRoute } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";
import { listAudit } from "./store.ts";

/** `GET /api/audit`: who did what in the business, for its owners. */
export function auditRoutes(): Route[] {
  return [
    defineRoute({
      id: "listAudit",
      method: "get",
      path: "/api/audit",
      summary: "The business's audit log",
      access: { business: "audit.read" },
      query: PageQuery,
      response: page(AuditEntry),
      handler: ({ tx, query }) => listAudit(tx, query),
    }),
  ];
}
