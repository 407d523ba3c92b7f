import { bytes_per_ms } from "./mulaw.ts";

/** One thing the agent says: an item of the model, the greeting or a filler. */
export interface Utterance {
  readonly id: string;
  readonly kind: "answer" | "greeting" | "filler";
  /** What has come of it so far. */
  received_bytes: number;
  /** What has gone out of it so far, padding included. */
  sent_bytes: number;
  /** Nothing more will come. */
  complete: boolean;
}

export function utterance(id: string, kind: Utterance["kind"]): Utterance {
  return { id, kind, received_bytes: 0, sent_bytes: 0, complete: false };
}

export function durationMs({ received_bytes }: Utterance): number {
  return Math.floor(received_bytes / bytes_per_ms);
}
