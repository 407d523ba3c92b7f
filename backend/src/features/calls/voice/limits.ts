/** How long a call waits for what, in milliseconds. */
export interface CallLimits {
  /** Audio kept in hand by the carrier: what an interruption cannot take back without `clear`. */
  lead_ms: number;
  /** A spoken greeting: recorded filler, then another model session. */
  greeting_filler_ms: number;
  greeting_deadline_ms: number;
  /** From the caller's last word to the answer: filler, then another model session. */
  answer_filler_ms: number;
  answer_deadline_ms: number;
  /** The agent stopped in the middle of what it was saying. */
  stall_filler_ms: number;
  stall_deadline_ms: number;
  /** First audio of a model session that replaced another. */
  recovery_deadline_ms: number;
  tool_filler_ms: number;
  tool_deadline_ms: number;
  /** From the caller's last word until the turn is ended by us, when the model does not. */
  commit_ms: number;
  /** No media from the carrier. */
  media_inactivity_ms: number;
  /** Nobody says anything: the agent asks, then says goodbye. */
  no_input_ms: number;
  no_input_end_ms: number;
  max_call_ms: number;
  /** A goodbye must be over by then. */
  goodbye_ms: number;
  /** The provider ends a session after 60 minutes; a pause after this is used to renew it. */
  renew_after_ms: number;
  /** Attempts to reach the model, and how long they may take together. */
  connect_attempts: number;
  connect_total_ms: number;
}

export const default_limits: CallLimits = {
  lead_ms: 200,
  greeting_filler_ms: 1_300,
  greeting_deadline_ms: 3_000,
  answer_filler_ms: 2_000,
  answer_deadline_ms: 6_000,
  stall_filler_ms: 1_200,
  stall_deadline_ms: 3_000,
  recovery_deadline_ms: 3_000,
  tool_filler_ms: 1_200,
  tool_deadline_ms: 8_000,
  commit_ms: 1_500,
  media_inactivity_ms: 6_000,
  no_input_ms: 12_000,
  no_input_end_ms: 20_000,
  max_call_ms: 30 * 60_000,
  goodbye_ms: 15_000,
  renew_after_ms: 55 * 60_000,
  connect_attempts: 3,
  connect_total_ms: 4_000,
};
