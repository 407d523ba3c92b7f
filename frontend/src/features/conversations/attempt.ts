import type { WhatsappSend } from "../../api/types.ts";

/** Why an attempt ended; `status` 0 when no answer came, so that it may have been taken. */
export interface Refusal {
  status: number;
  code: string;
  detail: string;
}

/** A message on its way to the server, shown in its thread until the server has it. */
export interface Attempt {
  /** The idempotency key, the same for every try. */
  key: string;
  thread_id: number;
  body: Omit<WhatsappSend, "idempotency_key">;
  /** What the person sees of it: for a template its words. */
  shown: string;
  file: { name: string; content_type: string; media_url: string } | null;
  created_at: string;
  state: "sending" | "failed";
  refusal: Refusal | null;
}
