import type { GatewayConnectionEvent, GatewayReason, GatewayState } from "@agentlocator/contract";

/** A row of `whatsapp_channels`; times in ISO 8601. */
export interface Channel {
  business_id: number;
  state: GatewayState;
  reason: GatewayReason | null;
  phone: string | null;
  detail: string | null;
  since: string;
  last_seen: string | null;
  attempt: number;
  attempts_told: number;
  next_retry_at: string | null;
  reachable: boolean;
  paired_at: string | null;
  disconnect_asked_at: string | null;
  down_since: string | null;
  watched_at: string;
  updated_at: string;
  /** Of the lease whose gateway was heard last; 0: without leases. */
  epoch: number;
}

const FAILED_RECONNECTS = 5;
/** What five failed reconnects take: 5, 15, 30, 60 and 60 s. */
const NOBODY_TRIES_MS = 170_000;
/** With the time that each of them may hang, and some more. */
const TRIES_IN_VAIN_MS = 600_000;
/** A logout that was asked for is told of by then. */
const LEAVING_MS = 120_000;

/** Reasons for which the gateway stops until a person acts. */
const STOPS: ReadonlySet<GatewayReason | null> = new Set([
  "logged_out",
  "replaced",
  "forbidden",
  "outdated",
  "quarantined",
  "passkey_required",
  "qr_expired",
] as const);

const ms = (iso: string | null): number => (iso === null ? 0 : Date.parse(iso));

/**
 * Whether a report is of before what is known. The gateway delivers its reports again until they
 * are taken, so an old one may come after a newer one.
 * @param asked_at of a live answer: it is newer than anything that was known when it was asked for
 */
export function isOld(event: GatewayConnectionEvent, known: Channel, asked_at?: Date): boolean {
  const { epoch = known.epoch } = event;
  // The clocks of two gateways may differ; who has the session now is right.
  if (epoch !== known.epoch) return epoch < known.epoch;
  if (asked_at && ms(known.updated_at) < asked_at.getTime()) return false;
  const [then, now] = [ms(known.since), ms(event.since)];
  if (then !== now) return now < then;
  return event.attempt < known.attempt || ms(event.last_seen) < ms(known.last_seen);
}

/** The channel after a report of the gateway. */
export function follow(known: Channel, event: GatewayConnectionEvent, now: Date): Channel {
  const open = event.state === "open";
  const { disconnect_asked_at: asked } = known;
  // A connection that stood before the disconnect was asked for is the one that is being ended.
  const stands = open && (!isLeaving(known, now) || ms(event.since) > ms(asked));
  // The gateway counts on until the connection has stood for minutes; a person who was told of five
  // failures is not told again because it stood for a moment between the fifth and the sixth.
  const again = event.attempt < known.attempts_told ? 0 : known.attempts_told;
  const told = again > 0 || event.attempt >= FAILED_RECONNECTS;
  return {
    ...known,
    state: event.state,
    reason: event.reason,
    phone: event.phone ?? known.phone,
    detail: event.detail,
    since: event.since,
    last_seen: event.last_seen ?? known.last_seen,
    attempt: event.attempt,
    attempts_told: open && told ? event.attempt : again,
    next_retry_at: event.next_retry_at,
    reachable: true,
    paired_at: stands ? (known.paired_at ?? now.toISOString()) : known.paired_at,
    disconnect_asked_at: stands ? null : asked,
    down_since: open ? null : (known.down_since ?? now.toISOString()),
    updated_at: now.toISOString(),
    epoch: event.epoch ?? known.epoch,
  };
}

/** What even an old report says: that there was a connection, which is lost now. */
export function learn(known: Channel, old: GatewayConnectionEvent, now: Date): Channel {
  const stood = old.state === "open" && ms(old.since) > ms(known.disconnect_asked_at);
  return stood && !known.paired_at ? { ...known, paired_at: now.toISOString() } : known;
}

function isLeaving({ disconnect_asked_at }: Channel, now: Date): boolean {
  return now.getTime() - ms(disconnect_asked_at) < LEAVING_MS;
}

/** Whether the business's WhatsApp works right now. */
export const stands = ({ state, reachable }: Channel): boolean => state === "open" && reachable;

/**
 * Why a person of the business must be told; undefined: nobody has to be (yet).
 * @param watched whether the channel was looked at all the time, so that its age says something
 */
export function whyTell(
  channel: Channel,
  now: Date,
  watched: boolean,
): { reason: GatewayReason | null } | undefined {
  const { state, reason, reachable, next_retry_at, attempt, attempts_told } = channel;
  if (channel.paired_at === null || stands(channel) || isLeaving(channel, now)) return undefined;
  const down_ms = watched && channel.down_since ? now.getTime() - ms(channel.down_since) : 0;
  if (!reachable) return down_ms >= NOBODY_TRIES_MS ? { reason: "unreachable" } : undefined;
  const waits = next_retry_at === null && state === "close";
  const told =
    state === "logout" ||
    (waits && STOPS.has(reason)) ||
    attempt - attempts_told >= FAILED_RECONNECTS ||
    down_ms >= (waits ? NOBODY_TRIES_MS : TRIES_IN_VAIN_MS);
  return told ? { reason } : undefined;
}

/** What of a channel the console shows; `last_seen` moves all the time and is not among it. */
export function looksSame(one: Channel, other: Channel): boolean {
  const shown = ["state", "reason", "phone", "attempt", "next_retry_at", "reachable"] as const;
  return shown.every((name) => one[name] === other[name]);
}
