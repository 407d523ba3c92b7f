import type { GatewayLeases, GatewayLeasesAsked } from "@agentlocator/contract";
import type { SystemTx } from "../../../db/database.ts";

/** What a lease's holder may still be doing after its end: what it had begun just before. */
const MARGIN = 1 / 3;

/** Gateways ask one after the other: each sees what the one before was given. */
const IN_TURN = "select pg_advisory_xact_lock('gateway_leases'::regclass::oid::bigint)";

const HERE = `
  insert into whatsapp_gateways (id, url, expires_at)
  values (:gateway_id, :url, now() + make_interval(secs => :ttl))
  on conflict (id) do update set url = excluded.url, expires_at = excluded.expires_at`;

const GONE = `
  delete from whatsapp_gateways
  where id = :gateway_id and :leaving or expires_at < now() - interval '1 hour'`;

/** A lease that is given back can be taken at once. */
const GIVE_BACK = `
  update gateway_leases l set expires_at = 'epoch'
  from jsonb_to_recordset(cast(:given_back as jsonb)) as g(business_id int, epoch bigint)
  where l.gateway_id = :gateway_id and l.business_id = g.business_id and l.epoch = g.epoch`;

const LEAVE = `
  update gateway_leases set expires_at = 'epoch' where gateway_id = :gateway_id`;

/** Also one that has run out meanwhile, as long as nobody else has taken it. */
const RENEW = `
  update gateway_leases set url = :url, expires_at = now() + make_interval(secs => :ttl)
  where gateway_id = :gateway_id and expires_at > 'epoch'`;

/** As many for each as there are for all; never more than are needed for that. */
const SHARE = `
  select
    ceil((select count(*) from businesses)::numeric
      / (select count(*) from whatsapp_gateways where expires_at > now()))::int as share,
    (select count(*) from gateway_leases
      where gateway_id = :gateway_id and expires_at > 'epoch') as held`;

/**
 * The epoch grows with each change of hands. It begins with the time, so that a database that was
 * restored from a backup hands out none that has been used.
 */
const TAKE = `
  insert into gateway_leases (business_id, gateway_id, url, epoch, expires_at)
  select b.id, :gateway_id, :url, extract(epoch from now())::bigint,
    now() + make_interval(secs => :ttl)
  from businesses b left join gateway_leases l on l.business_id = b.id
  where l.business_id is null or l.expires_at < now() - make_interval(secs => :margin)
  order by b.id
  limit :room
  on conflict (business_id) do update set gateway_id = excluded.gateway_id, url = excluded.url,
    epoch = greatest(gateway_leases.epoch + 1, excluded.epoch), expires_at = excluded.expires_at`;

const HELD = `
  select business_id, epoch from gateway_leases
  where gateway_id = :gateway_id and expires_at > 'epoch' order by business_id`;

/**
 * Renews all leases of a gateway, takes back what it gives back, and gives it others that are free,
 * up to its share. Time is the database's.
 */
export async function renewLeases(
  { trx }: SystemTx,
  asked: GatewayLeasesAsked,
  ttl_seconds: number,
): Promise<GatewayLeases> {
  const { gateway_id, url, leaving } = asked;
  const ttl_ms = ttl_seconds * 1000;
  await trx.raw(IN_TURN);
  const me = { gateway_id, url, ttl: ttl_seconds, margin: ttl_seconds * MARGIN };
  await trx.raw(GONE, { gateway_id, leaving });
  if (leaving) {
    await trx.raw(LEAVE, { gateway_id });
    return { ttl_ms, leases: [], give_back: [] };
  }
  await trx.raw(HERE, me);
  if (asked.given_back.length > 0) {
    await trx.raw(GIVE_BACK, { gateway_id, given_back: JSON.stringify(asked.given_back) });
  }
  await trx.raw(RENEW, me);
  const { rows } = await trx.raw(SHARE, me);
  const { share, held } = rows[0] as { share: number; held: number };
  if (held < share) await trx.raw(TAKE, { ...me, room: share - held });
  const leases: GatewayLeases["leases"] = (await trx.raw(HELD, me)).rows;
  // One at a time: each move is a reconnect.
  const give_back = held > share ? leases.slice(-1).map(({ business_id }) => business_id) : [];
  return { ttl_ms, leases, give_back };
}
