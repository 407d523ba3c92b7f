import type { Context } from "koa";
import { CSRF_COOKIE, SESSION_COOKIE } from "../../http/session.ts";
import type { NewSession } from "./session-store.ts";

/** Hands the session to the browser: `al_session` out of scripts' reach, `al_csrf` for them. */
export function setSessionCookies(ctx: Context, session: NewSession, secure: boolean): void {
  write(ctx, secure, session.token, session.csrf_token, session.expires_at);
}

export function clearSessionCookies(ctx: Context, secure: boolean): void {
  write(ctx, secure, "", "", new Date(0));
}

function write(ctx: Context, secure: boolean, token: string, csrf: string, expires: Date): void {
  // Koa refuses Secure cookies on a connection that it takes for plain; TLS ends at the proxy, and
  // PUBLIC_BASE_URL is what says that there is one.
  ctx.cookies.secure = secure;
  const common = {
    secure,
    sameSite: secure ? "none" : "lax",
    path: "/",
    expires,
    overwrite: true,
  } as const;
  ctx.cookies.set(SESSION_COOKIE, token, { ...common, httpOnly: true });
  ctx.cookies.set(CSRF_COOKIE, csrf, { ...common, httpOnly: false });
}
