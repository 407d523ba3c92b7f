import {
  Login,
  PasswordChange,
  PasswordForgotten,
  PasswordReset,
  SessionInfo,
} from "@agentlocator/contract";
import { z } from "zod";
import { defineRoute } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";
import { createLoginLimiter } from "../../platform/login-limiter.ts";
import { changePassword } from "./change-password.ts";
import { clearSessionCookies } from "./cookies.ts";
import type { AuthDeps } from "./deps.ts";
import { askForLink } from "./forgotten-password.ts";
import { login } from "./login.ts";
import { resetPassword } from "./reset-password.ts";
import { sessionInfo } from "./session-info.ts";
import { setupRoutes } from "./setup-routes.ts";

/** Signing in and out, one's own password, and the first administrator. */
export function authRoutes(deps: AuthDeps): Route[] {
  const attempts = createLoginLimiter(deps.limiter);
  return [
    defineRoute({
      id: "login",
      method: "post",
      path: "/api/auth/login",
      summary: "Sign in",
      access: { public: "whoever signs in has no session yet" },
      body: Login,
      response: SessionInfo,
      handler: ({ body, ctx }) => login(deps, attempts, ctx, body),
    }),
    defineRoute({
      id: "me",
      method: "get",
      path: "/api/auth/me",
      summary: "Who is signed in, and in which business they act",
      access: { signed_in: "one's own session" },
      response: SessionInfo,
      handler: ({ session }) => deps.db.inSystem((tx) => sessionInfo(tx, session, deps.demo)),
    }),
    defineRoute({
      id: "logout",
      method: "post",
      path: "/api/auth/logout",
      summary: "End this session",
      access: { signed_in: "one's own session" },
      body: z.strictObject({}),
      response: z.void(),
      status: 204,
      handler: async ({ session, ctx }) => {
        await deps.db.inSystem((tx) =>
          tx.trx("sessions").where({ id_hash: session.id_hash }).delete(),
        );
        clearSessionCookies(ctx, deps.secure_cookies);
        deps.log.info({ user: session.user.id }, "[AUTH] signed out");
      },
    }),
    defineRoute({
      id: "changePassword",
      method: "post",
      path: "/api/auth/password",
      summary: "Change one's own password; every other session of one's own ends",
      access: { signed_in: "one's own password" },
      body: PasswordChange,
      response: z.void(),
      status: 204,
      handler: ({ session, body, ctx }) => changePassword(deps, attempts, ctx, session, body),
    }),
    defineRoute({
      id: "forgotPassword",
      method: "post",
      path: "/api/auth/forgot",
      summary: "Send a link for a new password to this address, if it has an account",
      access: { public: "who forgot the password can't sign in" },
      rate_limit: { points: 10, seconds: 15 * 60 },
      body: PasswordForgotten,
      response: z.void(),
      status: 204,
      handler: ({ body, ctx }) => askForLink(deps, ctx, body.email),
    }),
    defineRoute({
      id: "resetPassword",
      method: "post",
      path: "/api/auth/reset",
      summary: "Set a password with a link; every session of that user ends",
      access: { public: "guarded by the link's one-time token" },
      rate_limit: { points: 10, seconds: 15 * 60 },
      body: PasswordReset,
      response: z.void(),
      status: 204,
      handler: ({ body, ctx }) => resetPassword(deps, attempts, ctx, body),
    }),
    ...setupRoutes(deps),
  ];
}
