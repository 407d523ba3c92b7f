import type { Role } from "@agentlocator/contract";

export const SESSION_COOKIE = "al_session";
export const CSRF_COOKIE = "al_csrf";

export interface SessionUser {
  id: number;
  business_id: number | null;
  email: string;
  name: string;
  role: Role;
}

/** A signed-in browser. */
export interface Session {
  id_hash: string;
  user: SessionUser;
  csrf_token: string;
  /** The business an admin has entered, until it expires or is left. */
  impersonated_tenant_id: number | null;
}

/** Finds the live session of a cookie's value; null when there is none (any more). */
export type LoadSession = (cookie: string) => Promise<Session | null>;

/**
 * The business a session acts in. Nothing of the request can change it, but for an admin of the
 * agency, who belongs to none and may name one as `?business_id=`.
 */
export function actingBusiness(session: Session, asked: number | null): number | null {
  const { user, impersonated_tenant_id } = session;
  return (
    impersonated_tenant_id ?? user.business_id ?? (user.role === "system_admin" ? asked : null)
  );
}
