import type { SimCall } from "./call.ts";
import type { Recordings } from "./recordings.ts";
import type { Network, WebhookRequest } from "./webhook.ts";

/** What following TwiML needs of Twilio. */
export interface Line {
  call: SimCall;
  account_sid: string;
  api_base_url: string;
  network: Network;
  recordings: Recordings;
  /** Prompts take 1/speed of their time. */
  prompt_speed: number;
  dial(number: string): DialResult;
  /** A signed webhook with the call's usual parameters. */
  webhook(url: string, params: Record<string, string>, method?: string): Promise<WebhookRequest>;
  violation(code: number, reason: string): void;
}

/** How a dialled number answers. */
export interface DialResult {
  status: "completed" | "busy" | "no-answer" | "failed";
  /** How long the parties talk. */
  seconds?: number;
}

/** What comes after a verb: the next verb, another document, or the end of the call. */
export type Next =
  | { kind: "next" }
  | { kind: "document"; url: string; method: string; params: Record<string, string> }
  | { kind: "hang_up" };

export const go_on: Next = { kind: "next" };
