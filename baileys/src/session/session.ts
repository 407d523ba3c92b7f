import type { GatewayConnectionEvent, GatewaySession } from "@agentlocator/contract";
import { S_WHATSAPP_NET } from "@whiskeysockets/baileys";
import type { BinaryNode } from "@whiskeysockets/baileys";
import type { Logger } from "pino";
import { ProblemError } from "../problem.ts";
import { StorageCorrupt } from "../storage/index.ts";
import type { BusinessStorage } from "../storage/index.ts";
import { createClocks } from "./clocks.ts";
import type { Close } from "./close.ts";
import { restoredCondition, storeCondition } from "./condition-file.ts";
import { connect } from "./connection.ts";
import type { Connection, ConnectionEvents } from "./connection.ts";
import { askPhone } from "../incoming/ask-phone.ts";
import { createIntake } from "../incoming/intake.ts";
import type { Self } from "../incoming/incoming.ts";
import { loadMessage } from "./load-message.ts";
import { step } from "./machine.ts";
import type { Condition, SessionEvent } from "./machine.ts";
import { createPairing } from "./pairing.ts";
import type { Vault } from "./pairing.ts";
import { fromAck, fromReceipt } from "../sending/receipts.ts";
import type { Told } from "../sending/receipts.ts";
import { createRetryCounts } from "./retry-counts.ts";
import { signalKeys } from "./signal-keys.ts";
import type { Wire } from "./socket.ts";
import type { Acquaintances } from "../sending/strangers.ts";
import type { Timing } from "./timing.ts";
import { whyOf } from "./why.ts";
import { within } from "./within.ts";

export interface SessionDeps {
  readonly storage: BusinessStorage;
  readonly wire: Wire;
  readonly timing: Timing;
  readonly acquaintances: Acquaintances;
  readonly log: Logger;
  /** 0 to 0.2 while many businesses lose their connections; called at each close. */
  readonly jitter: () => number;
}

export interface SessionListener {
  /** Something of the session is different now. */
  changed(): void;
  /** WhatsApp said something of messages that were sent. */
  told(ids: readonly string[]): void;
}

/**
 * A business's life at WhatsApp: carries out what the state machine wants, and tells the backend of
 * every change.
 */
export function createSession(deps: SessionDeps, listener: SessionListener) {
  const { storage, timing, acquaintances, log } = deps;
  const { businessId: business_id, inbox, messages, sends: ledger, state: file, lease } = storage;
  const leased = lease && { epoch: lease.epoch };
  const intake = createIntake({ business_id, inbox, messages, ledger, acquaintances, log });
  const pairing = createPairing(storage, log);
  const clocks = createClocks(timing, dispatch);
  const retryCounts = createRetryCounts();
  const stuck_before = new Map<string, number>();
  const watchers = new Set<() => unknown>();
  let now: Condition = restoredCondition(file);
  let since = file.get().since ?? new Date().toISOString();
  let last_seen: number | null = null;
  let connection: Connection | null = null;
  /** Of connections; an older one has no say any more. */
  let generation = 0;
  let settled = false;
  let changes = 0;
  let stopping = false;
  /** Effects and writes, one after the other. */
  let tail: Promise<void> = Promise.resolve();

  function dispatch(event: SessionEvent): void {
    if (stopping) return;
    const before = now;
    const { next, effects } = step(before, event);
    if (next === before) return;
    now = next;
    const moved = next.state !== before.state || next.reason !== before.reason;
    if (moved) since = new Date().toISOString();
    settled &&= next.state === "open";
    clocks.follow(next);
    for (const effect of effects) {
      if (effect === "connect") inTurn(open);
      if (effect === "hang_up") inTurn(letGo());
      if (effect === "erase") inTurn(pairing.erase);
    }
    if (moved || next.qr !== before.qr || event.type === "closed") tell(event);
    inTurn(() => storeCondition(file, now));
    noticed();
  }

  function noticed(): void {
    listener.changed();
    for (const look of [...watchers]) look();
  }

  function inTurn(run: () => Promise<void>): void {
    tail = tail.then(run).catch((error: unknown) => {
      log.error({ business_id, why: whyOf(error) }, "[WA-ERROR] the session could not go on");
    });
  }

  function tell(event: SessionEvent): void {
    const why = event.type === "closed" ? slugOf(event.close) : (now.reason ?? "none");
    const line = `[WA] connection update: state=${now.state}, reason=${why}`;
    log.info({ business_id, attempt: now.attempt, detail: now.detail }, line);
    const { state, reason, phone, lastSeen, attempt, nextRetryAt, detail } = status();
    const update: GatewayConnectionEvent = {
      event: "connection",
      business_id,
      state,
      reason,
      phone,
      since,
      last_seen: lastSeen,
      attempt,
      next_retry_at: nextRetryAt,
      detail,
      ...leased,
    };
    void intake.tell(update, `connection:${Date.now()}:${(changes += 1)}`, "connection");
  }

  async function open(): Promise<void> {
    const mine = (generation += 1);
    try {
      const vault = await within(timing.login, pairing.open());
      if (now.state !== "connecting" || stopping) return;
      connection = connect({
        wire: deps.wire,
        creds: vault.creds,
        keys: signalKeys(vault.keys, () => generation === mine),
        log,
        retryCounts,
        mayTalk: lease && (() => lease.held()),
        stuck_before,
        sentMessage: (id) => loadMessage(messages, { fromMe: true, id }),
        timing,
        events: eventsOf(mine, vault),
      });
    } catch (error) {
      const detail = whyOf(error);
      if (error instanceof StorageCorrupt) return dispatch({ type: "unusable", detail });
      closed({ code: null, slug: "deaf", detail });
    }
  }

  function eventsOf(mine: number, vault: Vault): ConnectionEvents {
    const { creds } = vault;
    const self = (): Self => ({ id: creds.me?.id ?? "", lid: creds.me?.lid ?? null });
    const current = (run: () => void) => void (mine === generation && run());
    const phoneOf = async (lid: string) => {
      const mapping = connection?.sock.signalRepository.lidMapping;
      return (await mapping?.getPNForLID(lid).catch(() => null)) ?? null;
    };
    return {
      qr: (qr) => current(() => dispatch({ type: "qr", qr })),
      passkey: () => current(() => dispatch({ type: "passkey" })),
      open: () => current(opened),
      closed: (close) => current(() => closed(close)),
      frame: () => (last_seen = Date.now()),
      message: (node, padded) => intake.message(node, padded, self(), phoneOf),
      upsert(message) {
        const ask = () => connection && void askPhone(connection.sock, message, log);
        const missing = () =>
          setTimeout(() => intake.lacks(message) && current(ask), timing.resend);
        void intake.upsert(message, phoneOf, missing);
      },
      ack: (attrs) => current(() => answered(fromAck(attrs))),
      receipt: (node) => current(() => answered(fromReceipt(node))),
      credsChanged: () =>
        void vault.saveCreds().catch((error: unknown) => {
          const detail = `The pairing could not be stored: ${whyOf(error)}`;
          current(() => connection?.giveUp({ code: null, slug: "deaf", detail }));
        }),
    };
  }

  function opened(): void {
    dispatch({ type: "open" });
    const mine = generation;
    setTimeout(() => {
      if (mine !== generation || now.state !== "open") return;
      settled = true;
      noticed();
    }, timing.settle);
  }

  function closed(close: Close): void {
    connection = null;
    dispatch({ type: "closed", close, paired: pairing.paired(), jitter: deps.jitter() });
  }

  function answered(told: Told | null): void {
    if (!told) return;
    listener.told(told.ids);
    void intake.told(told);
  }

  /** From now on the connection has no say; gives what ends it. */
  function letGo(ms = 0): () => Promise<void> {
    generation += 1;
    const ended = connection;
    connection = null;
    return async () => ended?.hangUp(ms);
  }

  function status(): GatewaySession {
    const { state, reason, qr, attempt, detail } = now;
    const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
    return {
      businessId: business_id,
      state,
      reason,
      connected: state === "open",
      qr,
      phone: state === "logout" ? null : pairing.phone(),
      since,
      lastSeen: iso(last_seen),
      attempt,
      nextRetryAt: iso(clocks.nextRetryAt()),
      detail,
      ...leased,
    };
  }

  /** @param asked by a person, who accepts that a damaged pairing is given up */
  async function start(asked: boolean): Promise<void> {
    if (asked && file.get().stopped === "quarantined") await pairing.setDamagedAside();
    dispatch({ type: "start" });
  }

  /** Resolves when it is so, or after `ms`. */
  async function until(isSo: () => boolean, ms: number): Promise<void> {
    if (isSo()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => isSo() && resolve();
    const timer = setTimeout(resolve, ms);
    watchers.add(look);
    await promise;
    clearTimeout(timer);
    watchers.delete(look);
  }

  return {
    status,
    intake,
    start,
    until,
    /** Whether it is to be connected when the process starts. */
    wanted: () => file.get().stopped === null && file.get().paired_as !== null,
    /** The connection, once it may be written to. */
    ready: () => (now.state === "open" && settled ? connection : null),
    /** The connection, whatever becomes of it. */
    current: () => connection,

    /**
     * The code to type on the phone, which is given in digits.
     * @throws ProblemError 409
     */
    async pairingCode(digits: string): Promise<string> {
      if (now.state === "open") {
        throw new ProblemError(409, "already_connected", "This business is connected already.");
      }
      await start(true);
      await until(() => now.qr !== null || now.state !== "connecting", timing.ask);
      const sock = now.qr ? connection?.sock : undefined;
      if (!sock) throw noCode(now.detail);
      const code = await within(timing.ask, sock.requestPairingCode(digits)).catch(() => null);
      if (!code) throw noCode(null);
      dispatch({ type: "pairing_code" });
      return code;
    },

    /** Logs out at WhatsApp when it can be reached, and erases the pairing in any case. */
    async remove(): Promise<void> {
      const sock = now.state === "open" ? connection?.sock : undefined;
      // WhatsApp ends the connection as for a logout from the phone, which this one is not.
      generation += 1;
      if (sock?.user) {
        const confirmed = within(timing.ask, sock.query(farewell(sock.user.id)));
        await confirmed.catch((error: unknown) => {
          const why = whyOf(error);
          log.warn({ business_id, why }, "[WA-ERROR] WhatsApp did not confirm the logout");
        });
      }
      dispatch({ type: "removed" });
      await tail;
    },

    /** Ends the connection here and now: the session is another gateway's. `stop` comes after it. */
    cut(): void {
      stopping = true;
      clocks.stop();
      void letGo()();
    },

    /** Ends the connection and stays paired; everything that was being written is on the disk. */
    async stop(ms: number): Promise<void> {
      stopping = true;
      clocks.stop();
      inTurn(letGo(ms));
      await tail;
      await pairing.close();
    },
  };
}

const slugOf = ({ code, slug }: Close): string => (code === null ? slug : `${code}:${slug}`);

const noCode = (detail: string | null) =>
  new ProblemError(409, "no_pairing", detail ?? "WhatsApp gave no code. Try again in a moment.");

function farewell(jid: string): BinaryNode {
  return {
    tag: "iq",
    attrs: { to: S_WHATSAPP_NET, type: "set", xmlns: "md" },
    content: [{ tag: "remove-companion-device", attrs: { jid, reason: "user_initiated" } }],
  };
}
