/** In the order in which a send goes through them. */
const WAY = ["journalled", "written", "sent", "delivered", "read"] as const;

export type SendState =
  | "journalled"
  /** Handed to the socket, or about to be: in doubt until the server's ack. */
  | "written"
  | "sent"
  | "delivered"
  | "read"
  | "failed"
  /** Withdrawn before it was written; the key is burnt. */
  | "not_sent";

export interface SendStatus {
  messageId: string;
  state: SendState;
  error: string | null;
  /** When it was accepted; ms since the epoch. */
  at: number;
}

export interface StoredSend extends SendStatus {
  idempotencyKey: string;
  /** As accepted. */
  body: unknown;
}

/** The idempotency key was used with another body. */
export class SendConflict extends Error {
  override name = "SendConflict";
}

/** The idempotency key was withdrawn; it will never be sent. */
export class SendWithdrawn extends Error {
  override name = "SendWithdrawn";
}

export interface SendLedger {
  /**
   * Journals a send; durable when it resolves. `known`: this key and body were taken before.
   * @throws SendConflict, SendWithdrawn, or the file system's error (then nothing was taken)
   */
  accept(send: { idempotencyKey: string; body: unknown }): Promise<SendStatus & { known: boolean }>;
  /**
   * journalled → written, durable when it resolves: call it just before writing to the socket.
   * Undefined when the send is not `journalled` (any more): then it must not be written.
   */
  claim(messageId: string): Promise<StoredSend | undefined>;
  /**
   * Moves on, never back; false when nothing changed (unknown id, or already further). What was
   * `failed` can still turn out to be delivered; what was delivered can't fail.
   */
  advance(
    messageId: string,
    state: "sent" | "delivered" | "read" | "failed",
    error?: string,
  ): Promise<boolean>;
  /**
   * True: it will never be sent (also when the key was never seen: a request that comes late is
   * refused). False: it was written, or may have been.
   */
  cancel(idempotencyKey: string): Promise<boolean>;
  /** Undefined: never seen. */
  status(idempotencyKey: string): SendStatus | undefined;
  statusOf(messageId: string): SendStatus | undefined;
  read(messageId: string): Promise<StoredSend | undefined>;
  /** In the order of acceptance: `journalled` ones to send, `written` ones in doubt. */
  pending(): SendStatus[];
  messageIdFor(idempotencyKey: string): string;
}

/** Whether a report takes a send from one state to another. */
export function leads(from: SendState, to: SendState): boolean {
  if (from === "not_sent") return false;
  if (from === "failed") return to === "delivered" || to === "read";
  if (to === "failed") return WAY.indexOf(from) < WAY.indexOf("delivered");
  return WAY.indexOf(from) < WAY.indexOf(to as (typeof WAY)[number]);
}
