import { createHash, randomBytes } from "node:crypto";
import type { Database, SystemTx } from "../../db/database.ts";
import type { LoadSession, Session, SessionUser } from "../../http/session.ts";
import type { Clock } from "../../platform/clock.ts";
import { audit } from "../audit/index.ts";

const HOUR_MS = 3_600_000;
const IDLE_MS = 12 * HOUR_MS;
const LIFE_MS = 30 * 24 * HOUR_MS;
/** `last_seen_at` is only as exact as this, so that reading does not write each time. */
const SEEN_MS = 60_000;

/** What is stored of a random token: whoever reads the database can't sign in with it. */
export const tokenHash = (token: string): string =>
  createHash("sha256").update(token).digest("base64url");

/** 256 random bits. */
export const newToken = (): string => randomBytes(32).toString("base64url");

export interface NewSession {
  /** The cookie's value; only its hash is stored. */
  token: string;
  csrf_token: string;
  expires_at: Date;
}

/** Signs a user in at one browser. */
export async function startSession(
  tx: SystemTx,
  user_id: number,
  from: { now: number; ip?: string; user_agent?: string },
): Promise<NewSession> {
  const session = {
    token: newToken(),
    csrf_token: newToken(),
    expires_at: new Date(from.now + LIFE_MS),
  };
  await tx.trx("sessions").insert({
    id_hash: tokenHash(session.token),
    user_id,
    csrf_token: session.csrf_token,
    ip: from.ip ?? null,
    user_agent: from.user_agent?.slice(0, 300) ?? null,
    created_at: new Date(from.now),
    last_seen_at: new Date(from.now),
    expires_at: session.expires_at,
  });
  return session;
}

type Row = SessionUser &
  Pick<Session, "id_hash" | "csrf_token" | "impersonated_tenant_id"> & {
    impersonation_expires_at: string | null;
    last_seen_at: string;
  };

/**
 * Looks a cookie up on every request: 12 hours without one end the session, 30 days end it anyhow,
 * and the suspension of the user or the business ends it at once.
 */
export function createSessionLoader({ db, clock }: { db: Database; clock: Clock }): LoadSession {
  return async (cookie) => {
    if (!/^[\w-]{43}$/.test(cookie)) return null;
    const now = clock.now();
    return db.inSystem(async (tx) => {
      const row = await findLive(tx, tokenHash(cookie), now);
      if (!row) return null;
      if (now - Date.parse(row.last_seen_at) >= SEEN_MS) {
        await tx
          .trx("sessions")
          .where({ id_hash: row.id_hash })
          .update({ last_seen_at: new Date(now) });
      }
      const { id, business_id, email, name, role } = row;
      const session: Session = {
        id_hash: row.id_hash,
        user: { id, business_id, email, name, role },
        csrf_token: row.csrf_token,
        impersonated_tenant_id: row.impersonated_tenant_id,
      };
      const until = row.impersonation_expires_at;
      if (until !== null && Date.parse(until) <= now) return leave(tx, session);
      return session;
    });
  };
}

async function findLive(tx: SystemTx, id_hash: string, now: number): Promise<Row | undefined> {
  return tx
    .trx("sessions as s")
    .join("users as u", "u.id", "s.user_id")
    .leftJoin("businesses as b", "b.id", "u.business_id")
    .where({ "s.id_hash": id_hash, "u.status": "active" })
    .where("s.expires_at", ">", new Date(now))
    .where("s.last_seen_at", ">", new Date(now - IDLE_MS))
    .where((open) => open.whereNull("b.id").orWhere("b.status", "active"))
    .first<Row | undefined>(
      "s.id_hash",
      "s.csrf_token",
      "s.impersonated_tenant_id",
      "s.impersonation_expires_at",
      "s.last_seen_at",
      "u.id",
      "u.business_id",
      "u.email",
      "u.name",
      "u.role",
    );
}

/** The sessions that have come to their end by themselves. */
export function endedSessions({ trx }: SystemTx, now: number) {
  return trx("sessions")
    .where("expires_at", "<=", new Date(now))
    .orWhere("last_seen_at", "<=", new Date(now - IDLE_MS));
}

/** The hour in another's business is over. */
async function leave(tx: SystemTx, session: Session): Promise<Session> {
  const left = await tx
    .trx("sessions")
    .where({ id_hash: session.id_hash })
    .whereNotNull("impersonated_tenant_id")
    .update({ impersonated_tenant_id: null, impersonation_expires_at: null });
  if (left > 0) {
    await audit(tx, {
      actor: session,
      action: "impersonation.expired",
      business_id: session.impersonated_tenant_id,
    });
  }
  return { ...session, impersonated_tenant_id: null };
}
