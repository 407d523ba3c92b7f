import type { Database } from "../../db/database.ts";
import type { TwilioParams } from "../../http/twilio-signature.ts";
import { within } from "../../platform/deadline.ts";
import { keepTrying } from "../../platform/keep-trying.ts";
import type { Logger } from "../../platform/log.ts";
import { normalisePhone } from "../../platform/phone.ts";
import type { Signer } from "../../platform/signer.ts";
import type { Spool } from "../../platform/spool.ts";
import type { CallPlan, CallPlans } from "./call-plan.ts";
import { CallSid } from "./call-sid.ts";
import { sendToFallback, toldByRest } from "./fallback.ts";
import { OVER, storeRecording, storeStatus } from "./reports.ts";
import { businessOfCall, callerNumber, openCall } from "./store.ts";
import type { NewCall } from "./store.ts";
import type { Twiml } from "./twiml.ts";
import type { EndReason } from "./voice/index.ts";
import { openedCall, TOKEN_TTL_SECONDS } from "./waiting-room.ts";
import type { OpenedCall, WaitingCall } from "./waiting-room.ts";
import { FIRST_LOOK_MS } from "./watchdog.ts";

/** Twilio waits for an answer; what the database has not taken by then is written afterwards. */
const ANSWER_MS = 1500;
const MAX_CALLS_PER_BUSINESS = 100;
/** Slow speech: the stream comes only after a greeting that Twilio plays. */
const PLAY_MS_A_CHARACTER = 120;

export interface DeskDeps {
  db: Database;
  log: Logger;
  plans: CallPlans;
  signer: Signer;
  spool: Spool;
  twiml: Twiml;
  /** false: no model is configured, so callers leave messages. */
  model_enabled: boolean;
  /** Calls that this process carries for a business now. */
  activeCalls(business_id: number): number;
  /** How a call that this process carried has ended, when it is known already. */
  endingOf(call_sid: string): EndReason | undefined;
  /** Address of a greeting that Twilio can play. */
  greetingAddress(plan: CallPlan): string;
  /** Expects the stream: opens the model's socket while Twilio still connects. */
  expect(call: WaitingCall): void;
  /** The call is over, whether its stream has come or not. */
  forget(call_sid: string): void;
}

/** Decides what a call does next, whenever Twilio asks. Nothing it does throws. */
export interface CallDesk {
  incoming(params: TwilioParams): Promise<string>;
  streamEnded(params: TwilioParams): Promise<string>;
  recorded(params: TwilioParams): Promise<string>;
  status(params: TwilioParams): Promise<void>;
}

export function createDesk(deps: DeskDeps): CallDesk {
  const { db, log, plans, twiml } = deps;

  /** @param stream_by when the watchdog looks for the stream; null when there will be none */
  function open(plan: CallPlan, call: NewCall, stream_by: Date | null): Promise<OpenedCall> {
    const { call_sid } = call;
    return keepTrying(log, "opening a call", () =>
      db.inBusiness(plan.business.id, async (tx) => {
        await openCall(tx, call);
        if (stream_by) {
          const options = { key: `watchdog:${call_sid}`, run_at: stream_by };
          await tx.enqueue("call.watchdog", { call_sid }, options);
        }
        return openedCall(tx, plan, call_sid);
      }),
    );
  }

  /**
   * The record fallback, now; its mark, task and bell follow as soon as the database is there.
   * @param opened resolves when the database has the call
   */
  async function fallback(
    business_id: number,
    call_sid: string,
    reason: string,
    opened: Promise<unknown> = Promise.resolve(),
  ): Promise<string> {
    const mark = () =>
      db.inBusiness(business_id, (tx) =>
        sendToFallback(tx, call_sid, reason, { redirect: false, log }),
      );
    const marked = opened.then(() => keepTrying(log, "marking a fallback", mark));
    const first = await within(ANSWER_MS, marked).catch(() => true);
    // Twilio is being told by REST; what is answered here only covers a failure of that.
    return first || !toldByRest(reason) ? twiml.recordFallback() : twiml.recordFallbackLater();
  }

  async function answer(params: TwilioParams): Promise<string> {
    const call_sid = params.CallSid ?? "";
    if (!CallSid.safeParse(call_sid).success) throw new Error("the webhook names no call");
    const to_number = normalisePhone(params.To ?? "") ?? "";
    const plan = await plans.byNumber(to_number);
    if (!plan || plan.business.status !== "active") {
      log.warn({ call_sid, to_number }, "[CALL] no active business has this number");
      return twiml.reject();
    }
    const { business, settings } = plan;
    const from_number = callerNumber(params.From ?? "");
    const play = settings.greeting !== "" && settings.greeting_mode === "play";
    const person = settings.ai_enabled_calls ? null : settings.transfer_number;
    const starts_ms = FIRST_LOOK_MS + (play ? settings.greeting.length * PLAY_MS_A_CHARACTER : 0);
    const stream_by = person ? null : new Date(Date.now() + starts_ms);
    const opened = open(plan, { call_sid, from_number, to_number }, stream_by);
    // The watchdog is then certain; without the database the call goes on all the same.
    const known = await within(ANSWER_MS, opened).catch(() => null);

    log.info(
      { call_sid, biz: business.id },
      `[CALL] new call started biz=${business.id} has_greeting=${settings.greeting !== ""}`,
    );
    if (person) return twiml.dial(person);
    const refused = whyNot(plan);
    if (refused) return fallback(business.id, call_sid, refused, opened);

    const history = known?.history ?? "";
    deps.expect({ call_sid, plan, opened, history, started_at: Date.now() });
    const token = deps.signer.sign(
      "stream",
      { call_sid, business_id: business.id },
      TOKEN_TTL_SECONDS,
    );
    return twiml.stream(call_sid, token, play ? deps.greetingAddress(plan) : null);
  }

  function whyNot({ business, settings }: CallPlan): string | null {
    if (!settings.ai_enabled_calls) return "agent_off";
    if (!deps.model_enabled) return "model_disabled";
    return deps.activeCalls(business.id) >= MAX_CALLS_PER_BUSINESS ? "too_many_calls" : null;
  }

  async function afterStream(params: TwilioParams): Promise<string> {
    const call_sid = params.CallSid ?? "";
    if (params.DialCallStatus === "completed" || OVER[params.CallStatus ?? ""])
      return twiml.hangUp();
    const business_id = await db.inSystem((tx) => businessOfCall(tx, call_sid));
    if (business_id === null) return twiml.recordFallback();
    const call = await db.inBusiness(business_id, (tx) =>
      tx.trx("calls").where({ call_sid }).first("end_reason", "ledger"),
    );
    const reason = deps.endingOf(call_sid) ?? (call.end_reason as EndReason | null);
    if (reason === "transfer" && !params.DialCallStatus) {
      const { settings } = await plans.byBusiness(business_id);
      if (settings.transfer_number) return twiml.dial(settings.transfer_number);
    }
    const served = reason && !["fallback", "shutdown", "transfer"].includes(reason);
    if (served) return twiml.hangUp();
    const cause = reason === "transfer" ? "transfer_unanswered" : "stream_lost";
    return fallback(business_id, call_sid, call.ledger.fallback_reason ?? cause);
  }

  return {
    async incoming(params) {
      try {
        return await answer(params);
      } catch (error) {
        log.error({ err: error, call_sid: params.CallSid }, "[CALL] could not be answered");
        return twiml.recordFallback();
      }
    },

    async streamEnded(params) {
      const call_sid = params.CallSid ?? "";
      try {
        return await within(2 * ANSWER_MS, afterStream(params));
      } catch (error) {
        log.error({ err: error, call_sid }, "[CALL] its end could not be looked up");
        const known = deps.endingOf(call_sid);
        return known && known !== "fallback" ? twiml.hangUp() : twiml.recordFallback();
      }
    },

    async recorded(params) {
      await orSpool("call_recording", params, () => storeRecording(db, params));
      return twiml.hangUp();
    },

    async status(params) {
      if (OVER[params.CallStatus ?? ""]) deps.forget(params.CallSid ?? "");
      await orSpool("call_status", params, () => storeStatus(db, params));
    },
  };

  /** Does it now or, when the database is away, later; behind what waits of the same call. */
  async function orSpool(kind: string, params: TwilioParams, work: () => Promise<void>) {
    const call_sid = params.CallSid ?? "";
    try {
      if (!deps.spool.holds(call_sid)) return await within(ANSWER_MS, work());
    } catch (error) {
      log.warn({ err: error, call_sid }, `[CALL] ${kind} is kept for later`);
    }
    await deps.spool.put(kind, call_sid, params).catch((error: unknown) => {
      log.error({ err: error, call_sid }, `[CALL] ${kind} is lost`);
    });
  }
}
