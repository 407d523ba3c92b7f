import type { GatewayConnectionEvent, GatewaySession } from "@agentlocator/contract";
import type { BusinessTx, Database } from "../../../db/database.ts";
import type { JobHandlers } from "../../../db/jobs.ts";
import { settle } from "./apply-connection.ts";
import type { ChannelDeps } from "./apply-connection.ts";
import { follow, isOld, stands } from "./channel-state.ts";
import type { Channel } from "./channel-state.ts";
import type { GatewayClient, Overview } from "./gateway-client.ts";
import { lockChannel } from "./store.ts";

const EVERY_MS = 15_000;
/** After a longer gap nobody knows what happened in it: how long something lasts begins anew. */
const GAP_MS = 90_000;
const TASK = "whatsapp.reconcile";

interface Deps extends ChannelDeps {
  db: Database;
  /** Null: no gateway is configured. */
  gateway: GatewayClient | null;
}

/** A session as the gateway shows it, in the words of its own report of it. */
export function reportOf(session: GatewaySession): GatewayConnectionEvent {
  const { businessId, state, reason, phone, since, attempt, detail, epoch } = session;
  const { lastSeen: last_seen, nextRetryAt: next_retry_at } = session;
  const what = { state, reason, phone, since, last_seen, attempt, next_retry_at, detail, epoch };
  return { event: "connection", business_id: businessId, ...what };
}

/** Whether the session is as it was and all is well: nothing to do but note when it was seen. */
function isQuiet(channel: Channel, session: GatewaySession): boolean {
  const same = session.state === "open" && session.reason === channel.reason;
  return same && stands(channel) && Date.parse(session.since) === Date.parse(channel.since);
}

const NOTE_SEEN = `
  update whatsapp_channels c set last_seen = coalesce(s.last_seen, c.last_seen), watched_at = ?
  from jsonb_to_recordset(?::jsonb) as s(business_id int, last_seen timestamptz)
  where c.business_id = s.business_id`;

/**
 * Compares, every few seconds, what is known with what the gateway says, so that a lost report is
 * made up for and a gateway that is gone is noticed. The job goes on by itself, and there is one of
 * it however many processes run.
 */
export function reconcileJobs({ db, gateway, log, clock }: Deps): JobHandlers {
  const deps = { log, clock };
  let answers = true;

  async function askGateway(): Promise<Overview | null> {
    try {
      const overview = await gateway!.sessions();
      answers = true;
      return overview;
    } catch (error) {
      // Told once, not every few seconds.
      if (answers) log.warn({ err: error }, "[WA-ERROR] the gateway does not answer");
      answers = false;
      return null;
    }
  }

  /** @param reachable whether the gateway answered, and does not know of the business */
  async function miss(tx: BusinessTx, reachable: boolean, asked_at: Date): Promise<void> {
    const now = new Date(clock.now());
    const known = await lockChannel(tx, now);
    const down_since = known.down_since ?? now.toISOString();
    const channel = { ...known, reachable, down_since };
    // What had stopped before keeps its reason; what seemed to go on does not.
    const ended = known.state === "close" || known.state === "logout";
    if (reachable && !(ended && known.next_retry_at === null)) {
      const since = asked_at.toISOString();
      Object.assign(channel, {
        state: "close",
        reason: null,
        attempt: 0,
        next_retry_at: null,
        since,
      });
    }
    await settle(tx, known, watch(channel, now), deps, true);
  }

  async function look(tx: BusinessTx, session: GatewaySession, asked_at: Date): Promise<void> {
    const now = new Date(clock.now());
    const known = await lockChannel(tx, now);
    const report = reportOf(session);
    const channel = isOld(report, known, asked_at) ? known : follow(known, report, now);
    await settle(tx, known, watch(channel, now), deps, true);
  }

  async function reconcile(): Promise<void> {
    const asked_at = new Date(clock.now());
    const overview = await askGateway();
    const sessions = new Map(overview?.sessions.map((one) => [one.businessId, one]));
    const { channels, businesses } = await db.inSystem(async ({ trx }) => ({
      channels: new Map(
        (await trx<Channel>("whatsapp_channels")).map((row) => [row.business_id, row]),
      ),
      businesses: await trx("businesses").pluck("id"),
    }));
    const seen: { business_id: number; last_seen: string | null }[] = [];
    for (const business_id of businesses as number[]) {
      const channel = channels.get(business_id);
      const session = sessions.get(business_id);
      if (channel && session && isQuiet(channel, session)) {
        seen.push({ business_id, last_seen: session.lastSeen });
      } else if (session || channel) {
        const told = overview !== null && !overview.silent.has(business_id);
        const take = (tx: BusinessTx) =>
          session ? look(tx, session, asked_at) : miss(tx, told, asked_at);
        // What is wrong with one business's channel keeps nobody from looking at the others.
        await db.inBusiness(business_id, take).catch((error: unknown) => {
          log.error({ err: error, biz: business_id }, "[WA-ERROR] a channel was not looked at");
        });
      }
    }
    if (seen.length === 0) return;
    const values = [new Date(clock.now()), JSON.stringify(seen)];
    await db.inSystem(({ trx }) => trx.raw(NOTE_SEEN, values));
  }

  return {
    async [TASK]() {
      if (!gateway) return;
      try {
        await reconcile();
      } finally {
        await scheduleReconcile(db);
      }
    },
  };
}

function watch(channel: Channel, now: Date): Channel {
  const unwatched = now.getTime() - Date.parse(channel.watched_at) > GAP_MS;
  const down_since = channel.down_since && unwatched ? now.toISOString() : channel.down_since;
  return { ...channel, down_since, watched_at: now.toISOString() };
}

/** Sees to it that the gateway is asked a few seconds from now; it goes on by itself from there. */
export async function scheduleReconcile(db: Database): Promise<void> {
  const run_at = new Date(Date.now() + EVERY_MS);
  await db.inSystem((tx) => tx.enqueue(TASK, {}, { key: TASK, run_at }));
}
