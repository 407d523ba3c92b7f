import {
  Call,
  CallStatus,
  CallSummary,
  GivenTime,
  Id,
  PageQuery,
  page,
} from "@agentlocator/contract";
import { z } from "zod";
import { notFound } from "../../http/problem.ts";
import { defineRoute } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";
import { CallSid } from "./call-sid.ts";
import { findCall, listCalls } from "./call-queries.ts";

/** `GET /api/calls` and one call with its turns, timings, recording and appointment. */
export function callRoutes(): Route[] {
  const list = defineRoute({
    id: "listCalls",
    method: "get",
    path: "/api/calls",
    summary: "Calls of the business, newest first",
    access: { business: "calls.read" },
    query: PageQuery.extend({
      status: CallStatus.optional(),
      contact_id: Id.optional(),
      thread_id: Id.optional(),
      from: GivenTime.optional(),
      to: GivenTime.optional(),
    }),
    response: page(CallSummary),
    handler: ({ tx, query }) => listCalls(tx, query),
  });

  const one = defineRoute({
    id: "getCall",
    method: "get",
    path: "/api/calls/{call_sid}",
    summary: "One call: turns, timings, recording, appointment",
    access: { business: "calls.read" },
    params: z.object({ call_sid: CallSid }),
    response: Call,
    handler: async ({ tx, params }) => {
      const call = await findCall(tx, params.call_sid);
      if (!call) throw notFound("This call");
      return call;
    },
  });

  return [list, one];
}
