import type { Context } from "koa";
import type { z } from "zod";
import type { BusinessTx, SystemTx } from "../db/database.ts";
import type { Access } from "./access.ts";
import type { Session } from "./session.ts";

/** An answer that is not JSON: the handler writes `ctx` itself. */
export interface RawResponse {
  readonly raw: string;
}

type Out<R> = R extends z.ZodType ? z.input<R> : void;
type In<S> = S extends z.ZodType ? z.output<S> : undefined;

/** What `access` gives the handler: an open transaction of the right kind, or none. */
type Scope<A extends Access, T extends boolean> = A extends { business: unknown }
  ? { session: Session; business_id: number } & (T extends true ? { tx: BusinessTx } : unknown)
  : A extends { system: unknown }
    ? { session: Session } & (T extends true ? { tx: SystemTx } : unknown)
    : A extends { signed_in: unknown }
      ? { session: Session }
      : { session: Session | null };

export interface RouteSpec<A extends Access, P, Q, B, R, T extends boolean> {
  /** Stable name, the OpenAPI operationId, e.g. `listTasks`. */
  id: string;
  method: "get" | "post" | "patch" | "put" | "delete";
  /** With parameters in OpenAPI's form: `/api/tasks/{id}`. */
  path: string;
  /** Said in the OpenAPI document and the reference page. */
  summary: string;
  access: A;
  params?: P;
  query?: Q;
  body?: B;
  /** The body is a file (`application/octet-stream`), which the handler reads itself. */
  takes_file?: boolean;
  response: R;
  status?: 200 | 201 | 204;
  rate_limit?: { points: number; seconds: number };
  /** false: no transaction is opened, because the handler asks something outside of the database. */
  transaction?: T;
  handler: (
    scope: Scope<A, T> & { params: In<P>; query: In<Q>; body: In<B>; ctx: Context },
  ) => Promise<Out<R>>;
}

/** A route as `mount` and the OpenAPI document see it, its types erased. */
export interface Route {
  id: string;
  method: "get" | "post" | "patch" | "put" | "delete";
  path: string;
  summary: string;
  access: Access;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  takes_file?: boolean;
  response: z.ZodType | RawResponse;
  status: 200 | 201 | 204;
  rate_limit?: { points: number; seconds: number };
  transaction: boolean;
  handler: (scope: Record<string, unknown>) => Promise<unknown>;
}

/**
 * Declares a route once: its permission, its input and output, and its place in the OpenAPI
 * document. The handler gets parsed input and, when `access` names a business permission, a
 * transaction that sees only the acting business. It never sees the pool.
 */
export function defineRoute<
  const A extends Access,
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  R extends z.ZodType | RawResponse = RawResponse,
  T extends boolean = true,
>(spec: RouteSpec<A, P, Q, B, R, T>): Route {
  return { status: 200, transaction: true, ...spec } as unknown as Route;
}
