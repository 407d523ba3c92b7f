import { DateTime } from "luxon";
import type { BusinessTx } from "../../db/database.ts";
import { recallCustomer } from "../agent/index.ts";
import type { CallPlan } from "./call-plan.ts";
import { conversationOf } from "./store.ts";
import type { Conversation } from "./store.ts";

/** A call's conversation, and what the agent knows of the caller from before. */
export interface OpenedCall extends Conversation {
  history: string;
}

/** A call that has got its TwiML and whose stream has not come yet. */
export interface WaitingCall {
  call_sid: string;
  plan: CallPlan;
  /** The call's row with its conversation; retried until the database has it. */
  opened: Promise<OpenedCall>;
  /** As in `opened`, or empty when the database has not answered in time. */
  history: string;
  started_at: number;
}

/** Reads a call that is in the database with what is known of its caller. */
export async function openedCall(
  tx: BusinessTx,
  { settings }: CallPlan,
  call_sid: string,
): Promise<OpenedCall> {
  const conversation = await conversationOf(tx, call_sid);
  const now = DateTime.now().setZone(settings.timezone);
  const { language } = settings;
  const history = await recallCustomer(tx, { ...conversation, call_sid, language, now });
  return { ...conversation, history };
}

/** The stream may come after a greeting that Twilio plays first. */
export const TOKEN_TTL_SECONDS = 120;
const REMEMBER_MS = 10 * 60_000;

/**
 * What the webhook has learned of a call, kept until its stream comes to the same process; a stream
 * that comes to another one finds all of it in the database.
 */
export class WaitingRoom {
  readonly #waiting = new Map<string, WaitingCall>();
  readonly #taken = new Map<string, number>();

  enter(call: WaitingCall): void {
    this.#waiting.set(call.call_sid, call);
    setTimeout(() => this.#waiting.delete(call.call_sid), TOKEN_TTL_SECONDS * 1000).unref();
  }

  /** The call, for the first stream that asks; `undefined` when it is not here. */
  take(call_sid: string): WaitingCall | undefined {
    const call = this.#waiting.get(call_sid);
    this.#waiting.delete(call_sid);
    return call;
  }

  /** False when a stream of this call was let in by this process before. */
  takeToken(call_sid: string): boolean {
    if (this.#taken.has(call_sid)) return false;
    const now = performance.now();
    this.#taken.set(call_sid, now);
    for (const [sid, at] of this.#taken) {
      if (now - at < REMEMBER_MS) break;
      this.#taken.delete(sid);
    }
    return true;
  }
}
