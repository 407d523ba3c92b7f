import { isRefused } from "../../../db/violation.ts";
import type { TwilioParams } from "../../../http/twilio-signature.ts";
import { deliver } from "./deliver.ts";
import type { DeliverDeps, Told } from "./deliver.ts";
import { readGatewayEvent } from "./gateway-event.ts";
import { businessFor, businessOfSent } from "./route-to-business.ts";
import { setAside } from "./set-aside.ts";
import type { Aside } from "./set-aside.ts";
import { twilioErrorWords } from "./twilio-errors.ts";
import { readTwilioMessage, readTwilioStatus, sidOf } from "./twilio-message.ts";

export interface ReceiveDeps extends DeliverDeps {
  /** The appliance's own number at Twilio. */
  twilio_wa_from: string | undefined;
}

/**
 * Takes authentic webhooks to where they belong. Each may be done again, and throws only what may
 * pass: the database is away. What can never be delivered is set aside for the agency.
 * `business_id`: the agency says whose it is.
 */
export interface Receiver {
  gateway(raw: string, business_id?: number): Promise<void>;
  twilioMessage(params: TwilioParams, business_id?: number): Promise<void>;
  twilioStatus(params: TwilioParams, business_id?: number): Promise<void>;
}

export function createReceiver(deps: ReceiveDeps): Receiver {
  const { db, log, clock, twilio_wa_from: common } = deps;

  const aside = (source: Aside["source"], reason: string, detail: string, payload: string) =>
    setAside(db, { source, reason, detail, payload }, log);

  /** @param told what it says; @param payload what is set aside if it can't be delivered */
  async function toBusiness(
    source: Aside["source"],
    business_id: number | null,
    told: Told,
    payload: string,
  ): Promise<void> {
    if (business_id === null) {
      return aside(source, "no_business", "It can't be said which business this is for.", payload);
    }
    try {
      const outcome = await deliver(deps, business_id, told);
      if (outcome === "unknown_business") {
        await aside(source, outcome, `There is no business ${business_id}.`, payload);
      } else if (outcome === "no_sender") {
        await aside(source, outcome, "The sender is not a telephone number.", payload);
      }
    } catch (error) {
      // Tried again it would be refused again, for ever.
      if (!isRefused(error)) throw error;
      log.error({ err: error, biz: business_id }, "[WA-ERROR] the database refuses a webhook");
      await aside(source, "refused", "The database refuses it.", payload);
    }
  }

  return {
    async gateway(raw, named) {
      const told = readGatewayEvent(raw, clock.now());
      if (told.event === "invalid") return aside("gateway", "invalid", told.why, raw);
      if (told.event === "ignored") {
        return log.debug({ why: told.why }, "[WA-INCOMING] ignored");
      }
      let business_id = named ?? told.business_id;
      if (business_id === null) {
        const to = told.event === "message" ? told.to : null;
        business_id = await db.inSystem((tx) => businessFor(tx, to, { common, alone: true }));
      }
      const inside: Told =
        told.event === "receipt" ? { ...told, error: () => told.receipt.error } : told;
      await toBusiness("gateway", business_id, inside, raw);
    },

    async twilioMessage(params, named) {
      const payload = JSON.stringify(params);
      const message = readTwilioMessage(params);
      if (!message) return aside("twilio", "invalid", "It names no message.", payload);
      const to = params.To ?? "";
      const business_id =
        named ?? (await db.inSystem((tx) => businessFor(tx, to, { common, alone: false })));
      await toBusiness("twilio", business_id, { event: "message", message }, payload);
    },

    async twilioStatus(params, named) {
      const receipt = readTwilioStatus(params);
      if (!receipt) return;
      const { MessageStatus, ErrorCode = "", ErrorMessage, ChannelStatusMessage, From } = params;
      const business_id =
        named ??
        (await db.inSystem(
          async (tx) =>
            (await businessOfSent(tx, sidOf(params)!)) ??
            businessFor(tx, From ?? "", { common, alone: false }),
        ));
      const said = ErrorMessage ?? ChannelStatusMessage ?? MessageStatus;
      const error = (language: string) => twilioErrorWords(ErrorCode, language, said);
      const told: Told = { event: "receipt", receipt, error };
      await toBusiness("twilio_status", business_id, told, JSON.stringify(params));
    },
  };
}
