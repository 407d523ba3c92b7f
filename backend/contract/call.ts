import { z } from "zod";
import { Id, Time } from "./common.ts";

export const CallStatus = z.enum(["ringing", "active", "completed", "fallback", "failed"]);
export type CallStatus = z.infer<typeof CallStatus>;

/** One utterance. `heard_text` is what of the agent's text was really played to the caller. */
export const Turn = z
  .object({
    seq: z.number().int(),
    role: z.enum(["caller", "agent"]),
    text: z.string(),
    heard_text: z.string().nullable(),
    interrupted: z.boolean(),
    started_at: Time,
  })
  .meta({ id: "Turn" });
export type Turn = z.infer<typeof Turn>;

/** Timings of one call, in milliseconds. */
export const Ledger = z
  .object({
    greeting_ms: z.number().nullable(),
    answers_ms: z.array(z.number()),
    barge_ins: z.array(
      z.object({ at_ms: z.number(), quiet_ms: z.number(), confirmed_ms: z.number() }),
    ),
    silences_over_3s: z.number().int(),
    fallback_reason: z.string().nullable(),
  })
  .meta({ id: "Ledger" });
export type Ledger = z.infer<typeof Ledger>;

export const EMPTY_LEDGER: Ledger = {
  greeting_ms: null,
  answers_ms: [],
  barge_ins: [],
  silences_over_3s: 0,
  fallback_reason: null,
};

export const Recording = z
  .object({
    url: z.string(),
    duration_seconds: z.number().nullable(),
    transcript: z.string().nullable(),
  })
  .meta({ id: "Recording" });

const summary = {
  call_sid: z.string(),
  direction: z.enum(["inbound", "outbound"]),
  from_number: z.string(),
  to_number: z.string(),
  status: CallStatus,
  end_reason: z.string().nullable(),
  started_at: Time,
  ended_at: Time.nullable(),
  duration_seconds: z.number().nullable(),
  thread_id: Id.nullable(),
  contact_id: Id.nullable(),
  contact_name: z.string().nullable(),
  appointment_id: Id.nullable(),
  ledger: Ledger,
};

export const CallSummary = z.object(summary).meta({ id: "CallSummary" });
export type CallSummary = z.infer<typeof CallSummary>;

export const Call = z
  .object({ ...summary, turns: z.array(Turn), recording: Recording.nullable() })
  .meta({ id: "Call" });
export type Call = z.infer<typeof Call>;
