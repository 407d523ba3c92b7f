import type { Database } from "../../../db/database.ts";

/** Where each business's session is. */
export interface Owners {
  /** Address of the gateway that has it now; null: none has. */
  of(business_id: number): Promise<string | null>;
  /** All businesses, by the address of the gateway that has them; null: none has. */
  all(): Promise<Map<string | null, number[]>>;
  /** Addresses of the gateways that are there. */
  gateways(): Promise<string[]>;
}

const OF = "select url from gateway_leases where business_id = ? and expires_at > now()";

const ALL = `
  select b.id, l.url
  from businesses b left join gateway_leases l on l.business_id = b.id and l.expires_at > now()`;

/** Reads the leases. */
export function createOwners(db: Database): Owners {
  return {
    of: (business_id) =>
      db.inBusiness(business_id, async ({ trx }) => {
        const { rows } = await trx.raw(OF, [business_id]);
        return rows[0]?.url ?? null;
      }),
    all: () =>
      db.inSystem(async ({ trx }) => {
        const { rows } = (await trx.raw(ALL)) as { rows: { id: number; url: string | null }[] };
        const byUrl = Map.groupBy(rows, ({ url }) => url);
        return new Map([...byUrl].map(([url, those]) => [url, those.map(({ id }) => id)]));
      }),
    gateways: () =>
      db.inSystem(({ trx }) =>
        trx("whatsapp_gateways").where("expires_at", ">", trx.fn.now()).orderBy("id").pluck("url"),
      ),
  };
}
