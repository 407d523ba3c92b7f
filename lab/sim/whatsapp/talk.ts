import type { proto } from "@whiskeysockets/baileys";

export interface CustomerOptions {
  /** Digits; made from the number when absent. */
  lid?: string;
  /** The push name. */
  name?: string;
  /**
   * Which address their messages come from, and whether the other one is told along:
   * `lid` (default) and `pn` tell both, `lid_only` and `pn_only` one.
   */
  address?: "lid" | "pn" | "lid_only" | "pn_only";
  /**
   * Receipts of delivery are sent after so many ms, by default 10; `by_hand` leaves them to
   * `delivers`. A receipt in the same tick as the answer makes the client merge the two.
   */
  delivers?: number | "by_hand";
}

/** A message as it arrived at a customer's phone, decrypted. */
export interface Received {
  id: string;
  /** The business's number. */
  from: string;
  /** The customer's address the business used. */
  to: string;
  /** Text, caption, emoji or new text. */
  text: string | null;
  message: proto.Message;
  /** The stanza's type and edit attribute. */
  type: string;
  edit: string | null;
  /** The file it carries, decrypted. @throws without one, or when it is not what it says */
  file(): Promise<Buffer>;
  /** How often it was sent again because the customer asked for it. */
  retry: number;
  /** Typed on the owner's own phone. */
  by_owner: boolean;
  /** When, on performance.now(). */
  at: number;
}

export interface WriteOptions {
  /** Stored by the server as if the business were away, until its next login. */
  offline?: boolean;
  /** The client can't decrypt it: `once` is mended by a resend, `always` never. */
  undecryptable?: "once" | "always";
  /** When it was written; now by default. */
  at?: Date;
  /** Its id; a fresh one by default. */
  id?: string;
}

/** What the business's client told about a message of the customer's. */
export interface Tick {
  id: string;
  /** The receipt's type: `delivered` for none and `inactive`, else as it is. */
  type: string;
}

export interface ChatState {
  state: "composing" | "recording" | "paused";
  /** The business had announced itself as available. */
  online: boolean;
}
