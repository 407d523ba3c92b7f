import { BACKOFF_MS } from "./machine.ts";
import type { Rate } from "../sending/pace.ts";

/** Every wait of a session, in milliseconds; tests give shorter ones. */
export interface Timing {
  /** From connecting to a QR code, or to WhatsApp's yes to a login. */
  readonly login: number;
  /** From that yes to `open`: keys are uploaded meanwhile. */
  readonly open: number;
  /** Without a frame from WhatsApp the link is dead; its own ping makes one every 30 s. */
  readonly silence: number;
  /** Messages arrive and none of them gets on. */
  readonly deaf: number;
  /** Open for so long, a connection counts as stable. */
  readonly stable: number;
  /** After `open` the library still moves its own session to the LID; sends wait for it. */
  readonly settle: number;
  /** While messages from before are delivered the library holds its events back. */
  readonly flush: number;
  /** For a sender to send again what could not be decrypted; then the owner's phone is asked. */
  readonly resend: number;
  /** For what a request asks WhatsApp. */
  readonly ask: number;
  /** For what `/send` asks before it answers. */
  readonly accept: number;
  /** A message was written and WhatsApp did not acknowledge it. */
  readonly ack: number;
  /** Fetching and uploading a message's media. */
  readonly media: number;
  /** A send that could not be written for so long is given up. */
  readonly hold: number;
  /** "typing…" ends by itself. */
  readonly typing: number;
  /** Shortens or stretches the reconnects: 1 is 5, 15, 30, 60 s. */
  readonly backoff: number;
  readonly pace: { readonly account: Rate; readonly contact: Rate };
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

export const TIMING: Timing = {
  login: 28 * SECOND,
  open: 60 * SECOND,
  silence: 45 * SECOND,
  deaf: 30 * SECOND,
  stable: 5 * MINUTE,
  settle: 2 * SECOND,
  flush: 200,
  resend: 15 * SECOND,
  ask: 10 * SECOND,
  accept: 2 * SECOND,
  ack: 20 * SECOND,
  media: 2 * MINUTE,
  hold: 15 * MINUTE,
  typing: 25 * SECOND,
  backoff: 1,
  pace: {
    account: { burst: 20, every_ms: 700 },
    contact: { burst: 5, every_ms: 1500 },
  },
};

/** How long the closes of several businesses may lie apart to be one outage. */
export const OUTAGE_MS = BACKOFF_MS[0];
