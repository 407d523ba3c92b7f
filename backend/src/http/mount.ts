import { randomUUID } from "node:crypto";
import { Empty, Id } from "@agentlocator/contract";
import Router from "@koa/router";
import type { Context } from "koa";
import type { Database } from "../db/database.ts";
import type { Limiter } from "../platform/limiter.ts";
import { networkOf } from "../platform/network.ts";
import { may } from "./access.ts";
import { checkCsrf } from "./csrf.ts";
import { invalidInput, notFound, problem } from "./problem.ts";
import type { Route } from "./route.ts";
import { actingBusiness, SESSION_COOKIE } from "./session.ts";
import type { LoadSession, Session } from "./session.ts";

export interface MountDeps {
  db: Database;
  loadSession: LoadSession;
  limiter: Limiter;
  public_origin: string;
}

/** Puts the routes on a router: session, access, limits, input, transaction, handler, output. */
export function mount(routes: Route[], deps: MountDeps): Router {
  // `/API/…` is no second name of a route: what guards one by its path would not see it.
  const router = new Router({ sensitive: true });
  for (const route of routes) {
    const path = route.path.replaceAll(/\{(\w+)\}/g, ":$1");
    router[route.method](path, (ctx) => serve(route, ctx as unknown as Context, deps));
  }
  return router;
}

async function serve(route: Route, ctx: Context, deps: MountDeps): Promise<void> {
  ctx.state.route = route.id;
  const cookie = ctx.cookies.get(SESSION_COOKIE);
  const session = cookie ? await deps.loadSession(cookie) : null;
  ctx.state.session = session;
  const unsafe = route.method !== "get";
  if (unsafe && route.path.startsWith("/api/")) checkCsrf(ctx, route, session, deps.public_origin);

  const business_id = admit(route, session, ctx);
  if (business_id !== null) await checkNamed(business_id, session!, deps.db);
  await limit(route, session, ctx, deps.limiter);
  const input = parse(route, ctx);
  const scope = { ...input, session, ctx };

  let result: unknown;
  if ("business" in route.access) {
    const acting = business_id!;
    result = route.transaction
      ? await deps.db.inBusiness(acting, (tx) =>
          route.handler({ ...scope, business_id: acting, tx }),
        )
      : await route.handler({ ...scope, business_id: acting });
  } else if ("system" in route.access && route.transaction) {
    result = await deps.db.inSystem((tx) => route.handler({ ...scope, tx }));
  } else {
    result = await route.handler(scope);
  }
  answer(route, ctx, result);
}

/** Checks who asks; returns the acting business for a business route. */
function admit(route: Route, session: Session | null, ctx: Context): number | null {
  const { access } = route;
  if ("public" in access) return null;
  if (!session) throw problem(401, "not_signed_in", "Sign in first.");
  if ("signed_in" in access) return null;
  if ("system" in access) {
    if (session.user.role !== "system_admin") throw notFound();
    return null;
  }
  const asked = Id.safeParse(ctx.query.business_id).data ?? null;
  const business_id = actingBusiness(session, asked);
  if (business_id === null) throw problem(403, "no_business", "Enter a business first.");
  if (!may(session.user.role, access.business)) {
    throw problem(403, "not_allowed", "Your role does not allow this.");
  }
  return business_id;
}

/** A business that an admin names has to be there: no row of it would look like an empty one. */
async function checkNamed(id: number, { user, impersonated_tenant_id }: Session, db: Database) {
  if (user.business_id !== null || impersonated_tenant_id !== null) return;
  const found = await db.inBusiness(id, ({ trx }) => trx("businesses").where({ id }).first("id"));
  if (!found) throw notFound("This business");
}

async function limit(route: Route, session: Session | null, ctx: Context, limiter: Limiter) {
  if (!route.rate_limit) return;
  const who = session ? `user:${session.user.id}` : `ip:${networkOf(ctx.ip)}`;
  const { ok, retry_after_seconds } = await limiter.limit(route.id, who, route.rate_limit);
  if (ok) return;
  throw problem(429, "too_many_requests", "Too many requests; wait a little.", {
    headers: { "Retry-After": String(retry_after_seconds) },
  });
}

function parse(route: Route, ctx: Context) {
  // `business_id` says where an admin acts and is no field of any route (see `actingBusiness`).
  const { business_id: _, ...rawQuery } = ctx.query;
  // An id that can't be one is an id of nothing.
  const params = route.params?.safeParse(ctx.params);
  if (params && !params.success) throw notFound();
  // A webhook reads its fields itself, and its sender adds new ones as it likes.
  const none = route.path.startsWith("/api/") ? Empty : undefined;
  const query = (route.query ?? none)?.safeParse(rawQuery);
  if (query && !query.success) throw invalidInput(query.error, "query");
  const body = (route.body ?? none)?.safeParse(ctx.request.body ?? {});
  if (body && !body.success) throw invalidInput(body.error, "body");
  const input = { params: params?.data, query: query?.data, body: body?.data };
  if (hasNul(input)) {
    throw problem(400, "invalid_input", "Text must not contain the NUL character.");
  }
  return input;
}

/** PostgreSQL keeps every character but this one. */
function hasNul(value: unknown): boolean {
  if (typeof value === "string") return value.includes("\0");
  return typeof value === "object" && value !== null && Object.values(value).some(hasNul);
}

/** Parsing the answer strips what the schema does not name, so an extra column can't leak. */
function answer(route: Route, ctx: Context, result: unknown): void {
  if ("raw" in route.response) return;
  // A handler may have chosen another status for the same body (readiness: 503).
  if (ctx.status === 404) ctx.status = route.status;
  if (route.status === 204) ctx.body = null;
  else ctx.body = route.response.parse(result);
  if (!ctx.response.get("Cache-Control")) ctx.set("Cache-Control", "no-store");
}

/** A request id: the proxy's when it looks like one, else our own. */
export function requestId(header: string): string {
  return /^[\w-]{8,64}$/.test(header) ? header : randomUUID();
}
