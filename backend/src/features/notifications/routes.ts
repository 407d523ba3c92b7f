import { Id, Notification, page, PageQuery } from "@agentlocator/contract";
import { z } from "zod";
import { defineRoute } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";
import { agencyNotificationRoutes } from "./agency-routes.ts";
import { listNotifications, markAllRead, markRead } from "./store.ts";

const access = { business: "notifications.read" } as const;
const query = PageQuery.extend({ unread: z.stringbool().optional() });

/** The bell. */
export function notificationRoutes(): Route[] {
  return [
    defineRoute({
      id: "listNotifications",
      method: "get",
      path: "/api/notifications",
      summary: "The business's notifications",
      access,
      query,
      response: page(Notification),
      handler: ({ tx, query }) => listNotifications(tx, query),
    }),
    defineRoute({
      id: "readNotification",
      method: "post",
      path: "/api/notifications/{id}/read",
      summary: "Mark a notification as read",
      access,
      params: z.strictObject({ id: Id }),
      response: Notification,
      handler: ({ tx, params }) => markRead(tx, params.id),
    }),
    defineRoute({
      id: "readAllNotifications",
      method: "post",
      path: "/api/notifications/read-all",
      summary: "Mark all notifications as read",
      access,
      response: z.void(),
      status: 204,
      handler: ({ tx }) => markAllRead(tx),
    }),
    ...agencyNotificationRoutes(),
  ];
}
