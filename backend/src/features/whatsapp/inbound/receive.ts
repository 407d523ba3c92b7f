import { isRefused } from "../../../db/violation.ts";
import type { TwilioParams } from "../../../http/twilio-signature.ts";
import { deliver } from "./deliver.ts";
import type { DeliverDeps, Told } from "./deliver.ts";
import { readGatewayEvent } from "./gateway-event.ts";
import { businessFor, businessOfSent } from "./route-to-business.ts";
import { setAside } from "./set-aside.ts";
import type { Aside } from "./set-aside.ts";
import { clean } from "./storable.ts";
import { twilioErrorWords } from "./twilio-errors.ts";
import { readTwilioMessage, readTwilioStatus, sidOf } from "./twilio-message.ts";

export interface ReceiveDeps extends DeliverDeps {
  /** The appliance's own number at Twilio. */
  twilio_wa_from: string | undefined;
}

/** Why a webhook can't be given to a business, now or later. */
export type Undeliverable = Pick<Aside, "reason" | "detail">;

/**
 * Takes authentic webhooks to where they belong. Each may be done again, and throws only what may
 * pass: the database is away. What can never be delivered is set aside for the agency.
 */
export interface Receiver {
  gateway(raw: string): Promise<void>;
  twilioMessage(params: TwilioParams): Promise<void>;
  twilioStatus(params: TwilioParams): Promise<void>;
  /** Gives what was set aside to this business; why not, when that can't be. */
  give(aside: Aside, business_id: number): Promise<Undeliverable | null>;
}

export function createReceiver(deps: ReceiveDeps): Receiver {
  const { db, log, clock, twilio_wa_from: common } = deps;

  async function toBusiness(business_id: number | null, told: Told): Promise<Undeliverable | null> {
    if (business_id === null) {
      const detail = "It can't be said which business this is for.";
      return { reason: "no_business", detail };
    }
    try {
      const reason = await deliver(deps, business_id, told);
      switch (reason) {
        case "done":
          return null;
        case "unknown_business":
          return { reason, detail: `There is no business ${business_id}.` };
        case "no_sender":
          return { reason, detail: "The sender is not a telephone number." };
      }
    } catch (error) {
      // Tried again it would be refused again, for ever.
      if (!isRefused(error)) throw error;
      log.error({ err: error, biz: business_id }, "[WA-ERROR] the database refuses a webhook");
      return { reason: "refused", detail: "The database refuses it." };
    }
  }

  async function fromGateway(raw: string, named?: number): Promise<Undeliverable | null> {
    const told = readGatewayEvent(raw, clock.now());
    if (told.event === "invalid") return { reason: "invalid", detail: told.why };
    if (told.event === "ignored") {
      log.debug({ why: told.why }, "[WA-INCOMING] ignored");
      return null;
    }
    let business_id = named ?? told.business_id;
    if (business_id === null) {
      const to = told.event === "message" ? told.to : null;
      business_id = await db.inSystem((tx) => businessFor(tx, to, { common, alone: true }));
    }
    if (told.event !== "receipt") return toBusiness(business_id, told);
    return toBusiness(business_id, { ...told, error: () => told.receipt.error });
  }

  async function message(params: TwilioParams, named?: number): Promise<Undeliverable | null> {
    const read = readTwilioMessage(params);
    if (!read) return { reason: "invalid", detail: "It names no message." };
    const to = params.To ?? "";
    const business_id =
      named ?? (await db.inSystem((tx) => businessFor(tx, to, { common, alone: false })));
    return toBusiness(business_id, { event: "message", message: read });
  }

  async function status(params: TwilioParams, named?: number): Promise<Undeliverable | null> {
    const receipt = readTwilioStatus(params);
    if (!receipt) return null;
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
    return toBusiness(business_id, { event: "receipt", receipt, error });
  }

  async function orAside(
    source: Aside["source"],
    payload: string,
    receiving: Promise<Undeliverable | null>,
  ): Promise<void> {
    const undeliverable = await receiving;
    if (undeliverable) await setAside(db, { source, payload, ...undeliverable }, log);
  }

  return {
    gateway: (raw) => orAside("gateway", raw, fromGateway(raw)),
    twilioMessage: (params) => orAside("twilio", JSON.stringify(params), message(cleaned(params))),
    twilioStatus: (params) =>
      orAside("twilio_status", JSON.stringify(params), status(cleaned(params))),
    give({ source, payload }, business_id) {
      if (source === "gateway") return fromGateway(payload, business_id);
      const receive = source === "twilio" ? message : status;
      return receive(cleaned(JSON.parse(payload)), business_id);
    },
  };
}

const cleaned = (params: TwilioParams): TwilioParams =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [name, clean(value)]));
