import { Id, page, PageQuery, WebhookAside } from "@agentlocator/contract";
import { z } from "zod";
import type { Database } from "../../../db/database.ts";
import { notFound, problem } from "../../../http/problem.ts";
import { defineRoute } from "../../../http/route.ts";
import type { Route } from "../../../http/route.ts";
import type { Receiver } from "./receive.ts";
import { findAside, listAside, removeAside } from "./set-aside.ts";

/** What came in and belongs to no business, for the agency to look at and to give to one. */
export function asideRoutes({ db, receiver }: { db: Database; receiver: Receiver }): Route[] {
  return [
    defineRoute({
      id: "listWebhooksAside",
      method: "get",
      path: "/api/admin/webhooks-aside",
      summary: "Authentic WhatsApp webhooks that could not be given to a business",
      access: { system: "businesses.manage" },
      query: PageQuery,
      response: page(WebhookAside),
      handler: ({ tx, query }) => listAside(tx, query),
    }),
    defineRoute({
      id: "deliverWebhookAside",
      method: "post",
      path: "/api/admin/webhooks-aside/deliver",
      summary: "Gives one of them to a business; 422 with the reason when that can't be",
      access: { system: "businesses.manage" },
      body: z.strictObject({ id: Id, business_id: Id }),
      response: z.null(),
      status: 204,
      // Delivering is a transaction of that business.
      transaction: false,
      handler: async ({ body: { id, business_id } }) => {
        const aside = await db.inSystem((tx) => findAside(tx, id));
        if (!aside) throw notFound("This webhook");
        const undeliverable = await receiver.give(aside, business_id);
        if (undeliverable) {
          throw problem(422, undeliverable.reason, undeliverable.detail);
        }
        await db.inSystem((tx) => removeAside(tx, id));
        return null;
      },
    }),
    defineRoute({
      id: "dismissWebhookAside",
      method: "post",
      path: "/api/admin/webhooks-aside/dismiss",
      summary: "Removes one of them",
      access: { system: "businesses.manage" },
      body: z.strictObject({ id: Id }),
      response: z.null(),
      status: 204,
      handler: async ({ tx, body: { id } }) => {
        if (!(await removeAside(tx, id))) throw notFound("This webhook");
        return null;
      },
    }),
  ];
}
