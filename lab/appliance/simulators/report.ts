import type { Confirmed } from "./brain.ts";

/** Something that a caller noticed, and when; times are of the epoch, in ms. */
export interface Noticed {
  readonly at: number;
  readonly what: "silence" | "recorder" | "again" | "cut" | "refused";
  /** Of a silence: how long. */
  readonly ms: number;
}

/** A call as the caller knows it. */
export interface CallReport {
  readonly sid: string;
  readonly placed_at: number;
  /** Null while it goes on. */
  readonly ended_at: number | null;
  /** The caller came as far as the agent's confirmation, or a goodbye. */
  readonly finished: boolean;
  /** Of a message that was left; null without one. */
  readonly recording_sid: string | null;
  readonly longest_silence_ms: number;
  readonly noticed: readonly Noticed[];
}

/** A message as the customer who wrote it knows it. */
export interface MessageReport {
  readonly n: number;
  /** WhatsApp's. */
  readonly id: string;
  readonly written_at: number;
  /** When each answer to it came: one is right. */
  readonly answered_at: readonly number[];
}

/** All that the people in the simulators know. */
export interface Report {
  readonly calls: readonly CallReport[];
  readonly messages: readonly MessageReport[];
  readonly confirmed: readonly Confirmed[];
  /** What the providers would have refused. */
  readonly violations: readonly string[];
}
