import { GatewaySend } from "@agentlocator/contract";
import type { GatewayReceiptEvent } from "@agentlocator/contract";
import { proto } from "@whiskeysockets/baileys";
import type { Logger } from "pino";
import type { MessageStore, SendLedger, StoredSend } from "../storage/index.ts";
import { compose } from "./compose.ts";
import type { FetchedMedia } from "./compose.ts";
import type { Connection } from "../session/connection.ts";
import { addressee } from "../session/jid.ts";
import { createPace } from "./pace.ts";
import { createNumberCheck } from "./strangers.ts";
import type { Acquaintances } from "./strangers.ts";
import type { Timing } from "../session/timing.ts";
import { whyOf } from "../session/why.ts";
import { within } from "../session/within.ts";

export interface SenderDeps {
  readonly business_id: number;
  readonly ledger: SendLedger;
  readonly messages: MessageStore;
  /** The connection that may be written to now. */
  readonly connection: () => Connection | null;
  readonly fetchMedia: (url: string, type: GatewaySend["type"]) => Promise<FetchedMedia>;
  readonly acquaintances: Acquaintances;
  readonly report: (event: GatewayReceiptEvent) => Promise<void>;
  readonly timing: Timing;
  readonly log: Logger;
}

/** Written and not acknowledged: said again this often on one connection, under the same id. */
const TRIES = 3;
/** What has been in doubt for so long is not said again: it would come as a surprise. */
const STALE_MS = 12 * 60 * 60 * 1000;

/** The message was not handed to WhatsApp, and a person is told why. */
class Unsendable extends Error {}

/**
 * Works through the ledger of sends: in order for each contact, at a human pace, each exactly once.
 * `journalled` ones are claimed just before they are written; `written` ones that WhatsApp has not
 * acknowledged are written again under their own id, which makes the recipient show one message.
 */
export function createSender(deps: SenderDeps) {
  const { business_id, ledger, messages, timing, log } = deps;
  const pace = createPace(timing.pace);
  const onWhatsApp = createNumberCheck();
  const lanes = new Map<string, string[]>();
  const unacked = new Map<string, { jid: string; tries: number; timer: NodeJS.Timeout }>();
  let on: Connection | null = null;

  /** Takes up what waits; what is under way stays as it is. */
  async function work(): Promise<void> {
    const connection = deps.connection();
    if (connection !== on) {
      on = connection;
      lanes.clear();
      for (const { timer } of unacked.values()) clearTimeout(timer);
      unacked.clear();
    }
    if (!connection) return;
    const under_way = new Set([...unacked.keys(), ...[...lanes.values()].flat()]);
    for (const { messageId, state, at } of ledger.pending()) {
      if (under_way.has(messageId)) continue;
      if (state === "written" && Date.now() - at > STALE_MS) continue;
      const stored = await ledger.read(messageId);
      const jid = stored && jidOf(stored);
      if (on !== connection) return;
      if (jid) enqueue(connection, jid, messageId);
    }
  }

  function jidOf(stored: StoredSend): string | null {
    const jid = addressee(bodyOf(stored).to);
    return jid && deps.acquaintances.addressOf(jid);
  }

  function enqueue(connection: Connection, jid: string, id: string): void {
    const lane = lanes.get(jid);
    if (lane) {
      if (!lane.includes(id)) lane.push(id);
      return;
    }
    lanes.set(jid, [id]);
    void drain(connection, jid);
  }

  async function drain(connection: Connection, jid: string): Promise<void> {
    const lane = lanes.get(jid);
    while (lane?.length && on === connection) {
      const id = lane[0]!;
      try {
        await sendOne(connection, jid, id);
      } catch (error) {
        log.error({ business_id, id, why: whyOf(error) }, "[WA-ERROR] a send is stuck");
      }
      lane.shift();
    }
    if (lanes.get(jid) === lane) lanes.delete(jid);
  }

  async function sendOne(connection: Connection, jid: string, id: string): Promise<void> {
    // An answer to a message whose keys are just being stored would be made with others.
    await within(timing.ask, connection.decrypted()).catch(() => {});
    const stored = await ledger.read(id);
    if (stored?.state === "written") {
      const bytes = await messages.get({ fromMe: true, id });
      if (!bytes) throw new Error("The words of a message in doubt are not stored any more.");
      return write(connection, jid, id, proto.Message.decode(bytes));
    }
    if (stored?.state !== "journalled") return;
    if (Date.now() - stored.at > timing.hold) return withdraw(stored, jid);
    const message = await prepare(connection, jid, stored);
    if (!message || on !== connection) return;
    await messages.put({ fromMe: true, id }, proto.Message.encode(message).finish());
    await turnOf(connection, jid);
    if (on !== connection || !(await ledger.claim(id))) return;
    await write(connection, jid, id, message);
  }

  async function withdraw({ idempotencyKey, messageId: id }: StoredSend, jid: string) {
    if (!(await ledger.cancel(idempotencyKey))) return;
    const error = "not_sent: the connection was down for too long";
    log.warn({ business_id, id }, "[WA-ERROR] a message waited too long for the connection");
    await deps.report(receipt(jid, id, error));
  }

  /** Null: it can't be sent, or the connection went meanwhile. */
  async function prepare(connection: Connection, jid: string, stored: StoredSend) {
    const send = bodyOf(stored);
    const { sock, gone } = connection;
    try {
      if (await deps.acquaintances.isStranger(sock, jid, timing.ask)) {
        if (!send.allowStranger) throw new Unsendable("stranger: this contact has never written");
        if (!(await onWhatsApp(sock, jid, timing.ask))) {
          throw new Unsendable("not_on_whatsapp: this number has no WhatsApp");
        }
      }
      const composing = within(timing.media, compose({ ...deps, sock }, send, jid));
      return await Promise.race([composing, gone.then(() => null)]);
    } catch (error) {
      if (on !== connection) return null;
      const why = whyOf(error);
      await fail(jid, stored.messageId, error instanceof Unsendable ? why : `not_sent: ${why}`);
      return null;
    }
  }

  async function turnOf({ gone }: Connection, jid: string): Promise<void> {
    for (;;) {
      const wait = pace.take(jid, Date.now());
      if (wait === 0) return;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const timer = setTimeout(resolve, wait, true);
      const go_on = await Promise.race([promise, gone.then(() => false)]);
      clearTimeout(timer);
      if (!go_on) return;
    }
  }

  async function write(connection: Connection, jid: string, id: string, message: proto.IMessage) {
    const tries = (unacked.get(id)?.tries ?? 0) + 1;
    clearTimeout(unacked.get(id)?.timer);
    const timer = setTimeout(() => unanswered(connection, id), timing.ack);
    // Before it is written: the acknowledgement may be faster than the promise.
    unacked.set(id, { jid, tries, timer });
    const relayed = connection.sock.relayMessage(jid, message, { messageId: id });
    try {
      await Promise.race([relayed, connection.gone]);
      log.info({ business_id, id, tries }, "[WA-OUTGOING] written");
    } catch (error) {
      // While the connection stands, an error comes before anything is written.
      const { promise: next_turn, resolve } = Promise.withResolvers<void>();
      setImmediate(resolve);
      await next_turn;
      if (on !== connection) return;
      await fail(jid, id, `not_sent: ${whyOf(error)}`);
    } finally {
      relayed.catch(() => {});
    }
  }

  function unanswered(connection: Connection, id: string): void {
    const waiting = unacked.get(id);
    if (!waiting || on !== connection) return;
    const { jid, tries } = waiting;
    log.warn({ business_id, id, tries }, "[WA-ERROR] WhatsApp did not acknowledge a message");
    if (tries < TRIES) enqueue(connection, jid, id);
  }

  async function fail(jid: string, id: string, error: string): Promise<void> {
    settled([id]);
    if (!(await ledger.advance(id, "failed", error))) return;
    log.warn({ business_id, id, why: error }, "[WA-ERROR] a message was not sent");
    await deps.report(receipt(jid, id, error));
  }

  function settled(ids: readonly string[]): void {
    for (const id of ids) {
      clearTimeout(unacked.get(id)?.timer);
      unacked.delete(id);
    }
  }

  function receipt(remote_jid: string, id: string, error: string): GatewayReceiptEvent {
    const timestamp = Math.floor(Date.now() / 1000);
    return { event: "receipt", business_id, id, remote_jid, status: "failed", error, timestamp };
  }

  async function expire(): Promise<void> {
    for (const { messageId, state, at } of ledger.pending()) {
      if (state !== "journalled" || Date.now() - at <= timing.hold) continue;
      const stored = await ledger.read(messageId);
      const jid = stored && jidOf(stored);
      if (jid) await withdraw(stored, jid);
    }
  }
  const expiry = setInterval(() => void expire().catch(unreadable), timing.hold / 5);

  function unreadable(error: unknown): void {
    log.error({ business_id, why: whyOf(error) }, "[WA-ERROR] the sends can't be read");
  }

  return {
    /** Call it when the connection came, went, or something was accepted. */
    work: () => void work().catch(unreadable),
    /** WhatsApp said something of these. */
    settled,
    /** Nothing is written any more. */
    stop(): void {
      clearInterval(expiry);
      on = null;
      settled([...unacked.keys()]);
    },
  };
}

export type Sender = ReturnType<typeof createSender>;

const bodyOf = ({ body }: StoredSend): GatewaySend => GatewaySend.parse(body);
