import {
  Business,
  BusinessCreate,
  BusinessPatch,
  Id,
  Impersonation,
  page,
  PageQuery,
  SessionInfo,
} from "@agentlocator/contract";
import { z } from "zod";
import { pageById } from "../../http/page.ts";
import { defineRoute } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";
import type { BusinessesDeps } from "./deps.ts";
import { enterBusiness, leaveBusiness } from "./impersonation.ts";
import { createBusiness, requireBusiness, updateBusiness } from "./store.ts";

const params = z.strictObject({ id: Id });
const manage = { system: "businesses.manage" } as const;

/** The agency's own screens: the businesses it serves, and entering one of them. */
export function businessRoutes(deps: BusinessesDeps): Route[] {
  return [
    defineRoute({
      id: "listBusinesses",
      method: "get",
      path: "/api/admin/businesses",
      summary: "All businesses",
      access: manage,
      query: PageQuery,
      response: page(Business),
      handler: ({ tx, query }) => pageById<Business>(tx.trx("businesses").select("*"), query),
    }),
    defineRoute({
      id: "createBusiness",
      method: "post",
      path: "/api/admin/businesses",
      summary: "Make a business with its owner, settings and calendar",
      access: manage,
      body: BusinessCreate,
      response: Business,
      status: 201,
      // The password is hashed before there is a transaction to keep open meanwhile.
      transaction: false,
      handler: async ({ body: { owner, ...business }, session }) => {
        const { password, ...person } = owner;
        const password_hash = await deps.passwords.hash(password);
        return deps.db.inSystem((tx) =>
          createBusiness(tx, session, business, { ...person, password_hash }),
        );
      },
    }),
    defineRoute({
      id: "getBusiness",
      method: "get",
      path: "/api/admin/businesses/{id}",
      summary: "One business",
      access: manage,
      params,
      response: Business,
      handler: ({ tx, params }) => requireBusiness(tx, params.id),
    }),
    defineRoute({
      id: "updateBusiness",
      method: "patch",
      path: "/api/admin/businesses/{id}",
      summary: "Change, suspend or reopen a business",
      access: manage,
      params,
      body: BusinessPatch,
      response: Business,
      transaction: false,
      handler: async ({ params, body, session }) => {
        const changed = await deps.db.inSystem((tx) =>
          updateBusiness(tx, session, params.id, body),
        );
        deps.sessionsEnded(params.id);
        return changed;
      },
    }),
    defineRoute({
      id: "startImpersonation",
      method: "post",
      path: "/api/admin/impersonation",
      summary: "Enter a business for up to an hour",
      access: { system: "impersonate" },
      body: Impersonation,
      response: SessionInfo,
      handler: ({ tx, body, session }) => enterBusiness(deps, tx, session, body.business_id),
    }),
    defineRoute({
      id: "endImpersonation",
      method: "delete",
      path: "/api/admin/impersonation",
      summary: "Leave the business",
      access: { system: "impersonate" },
      response: SessionInfo,
      handler: ({ tx, session }) => leaveBusiness(deps, tx, session),
    }),
  ];
}
