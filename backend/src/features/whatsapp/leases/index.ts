import type { BusinessTx, Database } from "../../../db/database.ts";
import type { Env } from "../../../platform/env.ts";
import { createOwners } from "./owners.ts";
import { leaseRoute } from "./route.ts";

export type { Owners } from "./owners.ts";

/**
 * With several gateways, who has which business; null with one. A gateway has a session for as long
 * as its lease lasts, and another one may take it only afterwards.
 */
export function createLeases({ env, db }: { env: Env; db: Database }) {
  const { GATEWAY_LEASE_SECONDS: ttl_seconds, BAILEYS_WEBHOOK_SECRET: secret } = env;
  if (ttl_seconds === undefined) return null;
  return { routes: [leaseRoute({ db, secret, ttl_seconds })], owners: createOwners(db) };
}

/** Of the business's present lease, or the last one; 0: there never was one. */
export async function leaseEpoch({ trx, business_id }: BusinessTx): Promise<number> {
  const lease = await trx("gateway_leases")
    .where({ business_id })
    .first<{ epoch: number }>("epoch");
  return lease?.epoch ?? 0;
}
