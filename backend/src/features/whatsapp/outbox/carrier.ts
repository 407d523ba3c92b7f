import type { GatewaySendType, Message } from "@agentlocator/contract";
import type { z } from "zod";

/** One message on its way to one customer. */
export interface Outgoing {
  business_id: number;
  message_id: number;
  /** The same for each attempt at the same sending; see `gatewayKey`. */
  key: string;
  /** E.164, or `…@lid` while no phone is known. */
  to: string;
  text: string | null;
  media: { url: string; type: z.infer<typeof GatewaySendType>; file_name: string | null } | null;
  template: { content_sid: string; variables: Record<string, string> } | null;
  /** The provider's id of the message that this one answers. */
  reply_to: string | null;
  /** The business's numbers at Twilio, the one that it is to go from first. */
  senders: string[];
  may_write_first: boolean;
  /** When the latest attempt began; milliseconds since the epoch. */
  attempt_at: number;
  /** Of an attempt that was accepted. */
  provider_msg_id: string | null;
}

/** What became of an attempt. */
export type Outcome =
  /** `sure`: WhatsApp itself has it, not only somebody on the way to it. */
  | { kind: "accepted"; provider_msg_id: string; sure: boolean }
  /**
   * It was not sent and never will be.
   * `down`: this provider takes nothing now. `burnt`: the key was withdrawn with it.
   */
  | { kind: "not_taken"; why: string; down?: boolean; burnt?: boolean; window_closed?: boolean }
  /** It never will be taken. @param error for the business to read */
  | { kind: "refused"; error: string }
  | { kind: "unknown"; why: string };

/** How an accepted message stands. */
export type Standing =
  | { kind: "told"; status: Extract<Message["status"], "sent" | "delivered" | "read"> }
  | { kind: "failed"; error: string }
  /** Still on its way, in order. */
  | { kind: "pending" }
  /** The provider has not begun with it and can't now: it had better be withdrawn. */
  | { kind: "stuck" }
  /** Nobody can say. */
  | { kind: "unknown"; why: string };

/** A way to WhatsApp. None of these throws for what the provider does. */
export interface Carrier {
  send(message: Outgoing): Promise<Outcome>;
  /** Ends the doubt about an attempt: it was accepted, or it never will be. */
  withdraw(message: Outgoing): Promise<Outcome>;
  standing(message: Outgoing): Promise<Standing>;
}
