import type { WhatsappStatus } from "@agentlocator/contract";
import type { BusinessTx, Database } from "../../../db/database.ts";
import { may } from "../../../http/access.ts";
import { problem } from "../../../http/problem.ts";
import type { Session } from "../../../http/session.ts";
import type { Env } from "../../../platform/env.ts";
import { normalisePhone, regionOf } from "../../../platform/phone.ts";
import { audit } from "../../audit/index.ts";
import { loadSettings } from "../../settings/index.ts";
import type { ChannelDeps } from "./apply-connection.ts";
import { GatewayRefused, GatewayUnreachable } from "./gateway-errors.ts";
import type { GatewayClient } from "./gateway-client.ts";
import { closeIncident } from "./incidents.ts";
import { DISABLED, liveStatus, storedStatus, twilioSender } from "./status.ts";
import { findChannel, lockChannel, saveChannel } from "./store.ts";

/** A page that waits would look broken; what was known last is shown instead. */
const LIVE_MS = 1500;

export interface ConsoleDeps extends ChannelDeps {
  db: Database;
  env: Env;
  /** Null: no gateway is configured. */
  gateway: GatewayClient | null;
}

/** What a person does with the channel. */
export interface ChannelConsole {
  /** Without the QR code for who may not connect. */
  status(business_id: number, actor: Session): Promise<WhatsappStatus>;
  /** @throws 409 without a gateway, 503 when it does not answer */
  connect(business_id: number, actor: Session): Promise<WhatsappStatus>;
  /** @throws 400 for what is no number; as `connect` */
  pair(business_id: number, actor: Session, phone: string): Promise<{ code: string }>;
  /** Rings no bell. @throws as `connect`; then nothing has changed */
  disconnect(business_id: number, actor: Session): Promise<WhatsappStatus>;
}

export function createConsole({ db, env, gateway, log, clock }: ConsoleDeps): ChannelConsole {
  /** Asks the gateway, and says in a problem what it could not do. */
  async function ask<T>(run: (gateway: GatewayClient) => Promise<T>): Promise<T> {
    if (!gateway) throw problem(409, "gateway_disabled", "No WhatsApp gateway is configured.");
    try {
      return await run(gateway);
    } catch (error) {
      if (error instanceof GatewayUnreachable) {
        log.warn({ err: error }, "[WA-ERROR] the gateway could not be asked");
        throw problem(503, "gateway_unreachable", "The WhatsApp gateway does not answer.");
      }
      if (!(error instanceof GatewayRefused)) throw error;
      log.warn({ err: error }, "[WA-ERROR] the gateway refused");
      // A secret that does not fit is no fault of the person who asked.
      if (error.status === 401) throw problem(503, "gateway_unreachable", error.message);
      throw problem(error.status, error.id, error.message);
    }
  }

  const note = (tx: BusinessTx, actor: Session, what: string) =>
    audit(tx, { actor, action: `whatsapp.${what}` });

  async function status(business_id: number, actor: Session): Promise<WhatsappStatus> {
    const live = gateway?.session(business_id, LIVE_MS).catch(() => undefined);
    const [known, provider, from] = await db.inBusiness(business_id, async (tx) => [
      await findChannel(tx),
      (await loadSettings(tx)).whatsapp_provider,
      await twilioSender(tx, env),
    ]);
    const session = await live;
    const baileys = !gateway
      ? { ...DISABLED }
      : session
        ? await liveStatus(session, known)
        : storedStatus(known, session === undefined);
    if (!may(actor.user.role, "whatsapp.manage"))
      Object.assign(baileys, { qr: null, qr_svg: null });
    return { provider, baileys, twilio: { enabled: from !== null, from } };
  }

  async function connect(business_id: number, actor: Session): Promise<WhatsappStatus> {
    await ask((asked) => asked.start(business_id));
    await db.inBusiness(business_id, (tx) => note(tx, actor, "connect_asked"));
    return status(business_id, actor);
  }

  async function pair(business_id: number, actor: Session, text: string) {
    const own = await db.inBusiness(business_id, ({ trx }) =>
      trx("businesses")
        .where("id", business_id)
        .first<{ phone_number: string | null }>("phone_number"),
    );
    const phone = normalisePhone(text, regionOf(own.phone_number));
    if (!phone) {
      throw problem(400, "invalid_input", "This is no telephone number.", {
        errors: [{ path: "body.phone", message: "not a telephone number" }],
      });
    }
    const code = await ask((asked) => asked.pairingCode(business_id, phone));
    await db.inBusiness(business_id, (tx) => note(tx, actor, "pairing_code_asked"));
    return { code };
  }

  async function disconnect(business_id: number, actor: Session): Promise<WhatsappStatus> {
    // Written first: the gateway reports the logout before it has answered.
    const asked_at = new Date(clock.now()).toISOString();
    await db.inBusiness(business_id, (tx) => change(tx, { disconnect_asked_at: asked_at }));
    try {
      await ask((asked) => asked.remove(business_id));
    } catch (error) {
      await db.inBusiness(business_id, (tx) => change(tx, { disconnect_asked_at: null }));
      throw error;
    }
    await db.inBusiness(business_id, async (tx) => {
      await change(tx, { paired_at: null, phone: null, down_since: null });
      await closeIncident(tx, new Date(clock.now()), log);
      await note(tx, actor, "disconnected");
      tx.emit("whatsapp_status", {});
    });
    return status(business_id, actor);
  }

  async function change(tx: BusinessTx, fields: Partial<Awaited<ReturnType<typeof lockChannel>>>) {
    const channel = await lockChannel(tx, new Date(clock.now()));
    await saveChannel(tx, { ...channel, ...fields });
  }

  return { status, connect, pair, disconnect };
}
