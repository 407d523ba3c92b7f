import {
  Assignee,
  Id,
  page,
  PageQuery,
  Thread,
  ThreadMessage,
  ThreadPatch,
  ThreadSummary,
} from "@agentlocator/contract";
import { z } from "zod";
import { defineRoute, type Route } from "../../http/route.ts";
import { changeThread, markThreadRead, requireThread } from "./service.ts";
import { listAssignees, listMessages, listThreads } from "./inbox.ts";

const params = z.strictObject({ id: Id });
const filter = z.object({
  type: Thread.shape.type.optional(),
  status: Thread.shape.status.optional(),
  contact_id: Id.optional(),
  assigned_to: Id.optional(),
  unread: z.stringbool().optional(),
  q: z.string().trim().max(100).optional(),
});

export function conversationRoutes(): Route[] {
  return [
    defineRoute({
      id: "listThreads",
      method: "get",
      path: "/api/threads",
      summary: "The inbox: calls and WhatsApp, the latest first",
      access: { business: "threads.read" },
      query: PageQuery.extend(filter.shape),
      response: page(ThreadSummary),
      handler: ({ tx, query }) => listThreads(tx, query),
    }),
    defineRoute({
      id: "listAssignees",
      method: "get",
      path: "/api/assignees",
      summary: "The people to whom a conversation can be assigned",
      access: { business: "threads.read" },
      response: z.array(Assignee),
      handler: ({ tx }) => listAssignees(tx),
    }),
    defineRoute({
      id: "getThread",
      method: "get",
      path: "/api/threads/{id}",
      summary: "One conversation",
      access: { business: "threads.read" },
      params,
      response: Thread,
      handler: ({ tx, params: { id } }) => requireThread(tx, id),
    }),
    defineRoute({
      id: "listMessages",
      method: "get",
      path: "/api/threads/{id}/messages",
      summary: "The messages of a conversation, the latest first",
      access: { business: "threads.read" },
      params,
      query: PageQuery,
      response: page(ThreadMessage),
      handler: async ({ tx, params: { id }, query }) => {
        await requireThread(tx, id);
        return listMessages(tx, id, query);
      },
    }),
    defineRoute({
      id: "markThreadRead",
      method: "post",
      path: "/api/threads/{id}/read",
      summary: "Marks a conversation as read, and shows the customer so where the provider can",
      access: { business: "threads.write" },
      params,
      response: Thread,
      handler: ({ tx, params: { id } }) => markThreadRead(tx, id),
    }),
    defineRoute({
      id: "updateThread",
      method: "patch",
      path: "/api/threads/{id}",
      summary: "Assigns or closes a conversation, or pauses its AI (null gives it back)",
      access: { business: "threads.write" },
      params,
      body: ThreadPatch,
      response: Thread,
      handler: ({ tx, params: { id }, body }) => changeThread(tx, id, body),
    }),
  ];
}
