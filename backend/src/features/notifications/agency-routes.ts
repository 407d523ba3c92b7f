import { Id, Notification, page, PageQuery } from "@agentlocator/contract";
import { z } from "zod";
import { defineRoute } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";
import { listAgencyNotifications, markAgencyRead, markAllAgencyRead } from "./agency.ts";

const access = { system: "businesses.manage" } as const;
const query = PageQuery.extend({ unread: z.stringbool().optional() });

/** The bell of the agency's administrators: the installation itself, not one business. */
export function agencyNotificationRoutes(): Route[] {
  return [
    defineRoute({
      id: "listAgencyNotifications",
      method: "get",
      path: "/api/admin/notifications",
      summary: "The administrators' notifications",
      access,
      query,
      response: page(Notification),
      handler: ({ tx, query }) => listAgencyNotifications(tx, query),
    }),
    defineRoute({
      id: "readAgencyNotification",
      method: "post",
      path: "/api/admin/notifications/{id}/read",
      summary: "Mark a notification of the administrators as read",
      access,
      params: z.strictObject({ id: Id }),
      response: Notification,
      handler: ({ tx, params }) => markAgencyRead(tx, params.id),
    }),
    defineRoute({
      id: "readAllAgencyNotifications",
      method: "post",
      path: "/api/admin/notifications/read-all",
      summary: "Mark all notifications of the administrators as read",
      access,
      response: z.void(),
      status: 204,
      handler: ({ tx }) => markAllAgencyRead(tx),
    }),
  ];
}
