import type { GatewayConnectionEvent, GatewaySession } from "@agentlocator/contract";
import { initAuthCreds, S_WHATSAPP_NET } from "@whiskeysockets/baileys";
import type { AuthenticationCreds, BinaryNode, CacheStore } from "@whiskeysockets/baileys";
import type { Logger } from "pino";
import { ProblemError } from "../problem.ts";
import { StorageCorrupt } from "../storage/index.ts";
import type { AuthVault, BusinessStorage } from "../storage/index.ts";
import type { Close } from "./close.ts";
import { connect } from "./connection.ts";
import type { Connection, ConnectionEvents } from "./connection.ts";
import { createIntake } from "./intake.ts";
import type { Self } from "./incoming.ts";
import { loadMessage } from "./load-message.ts";
import { ownPhone } from "./jid.ts";
import { AT_REST, step } from "./machine.ts";
import type { Condition, SessionEvent } from "./machine.ts";
import { fromAck, fromReceipt } from "./receipts.ts";
import { createRetryCounts } from "./retry-counts.ts";
import { signalKeys } from "./signal-keys.ts";
import type { Wire } from "./socket.ts";
import type { Acquaintances } from "./strangers.ts";
import type { Timing } from "./timing.ts";
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

type Vault = AuthVault<AuthenticationCreds>;

/**
 * A business's life at WhatsApp: runs the state machine's effects, keeps its timers, and tells the
 * backend of every change. `onChange` is called after each.
 */
export function createSession(deps: SessionDeps, onChange: () => void) {
  const { storage, timing, acquaintances, log } = deps;
  const { businessId: business_id, inbox, messages, sends: ledger, state: file } = storage;
  const intake = createIntake({ business_id, inbox, messages, ledger, acquaintances, log });
  const retry_counts: CacheStore = createRetryCounts();
  let now: Condition = restored();
  let since = file.get().since ?? new Date().toISOString();
  let last_seen: number | null = null;
  let next_retry_at: number | null = null;
  let retry: NodeJS.Timeout | undefined;
  let standing: NodeJS.Timeout | undefined;
  let settled = false;
  let vault: Vault | null = null;
  let connection: Connection | null = null;
  let generation = 0;
  let told = 0;
  let stopping = false;
  const watchers = new Set<() => unknown>();
  /** Effects and writes, one after the other. */
  let tail: Promise<void> = Promise.resolve();

  function restored(): Condition {
    const { stopped, detail } = file.get();
    if (!stopped) return AT_REST;
    if (stopped === "removed") return { ...AT_REST, state: "logout", detail };
    const state = stopped === "logged_out" ? "logout" : "close";
    return { ...AT_REST, state, reason: stopped as Condition["reason"], detail };
  }

  function dispatch(event: SessionEvent): void {
    if (stopping) return;
    const before = now;
    const { next, effects } = step(before, event);
    if (next === before) return;
    now = next;
    const moved = next.state !== before.state || next.reason !== before.reason;
    if (moved) since = new Date().toISOString();
    keepTimers();
    settled &&= next.state === "open";
    for (const effect of effects) {
      if (effect === "connect") inTurn(open);
      if (effect === "hang_up") inTurn(letGo());
      if (effect === "erase") inTurn(erase);
    }
    if (moved || next.qr !== before.qr || event.type === "closed") tell(event);
    inTurn(remember);
    noticed();
  }

  function noticed(): void {
    onChange();
    for (const look of [...watchers]) look();
  }

  function inTurn(run: () => Promise<void>): void {
    tail = tail.then(run).catch((error: unknown) => {
      log.error({ business_id, why: whyOf(error) }, "[WA-ERROR] the session could not go on");
    });
  }

  function keepTimers(): void {
    clearTimeout(retry);
    const { retry_ms, state, on_trial, attempt, strikes, outdated } = now;
    const wait = retry_ms === null ? null : retry_ms * timing.backoff;
    next_retry_at = wait === null ? null : Date.now() + wait;
    if (wait !== null) retry = setTimeout(() => dispatch({ type: "retry_due" }), wait);
    const proven = !on_trial && attempt + strikes + outdated === 0;
    if (state !== "open") clearTimeout(standing);
    else if (!proven) standing = setTimeout(() => dispatch({ type: "stable" }), timing.stable);
  }

  function tell(event: SessionEvent): void {
    const why = event.type === "closed" ? slugOf(event.close) : (now.reason ?? "none");
    const line = `[WA] connection update: state=${now.state}, reason=${why}`;
    log.info({ business_id, attempt: now.attempt, detail: now.detail }, line);
    const { state, reason, lastSeen, attempt, nextRetryAt, detail, ...rest } = status();
    const update: GatewayConnectionEvent = {
      event: "connection",
      business_id,
      state,
      reason,
      phone: rest.phone,
      since,
      last_seen: lastSeen,
      attempt,
      next_retry_at: nextRetryAt,
      detail,
    };
    void intake.tell(update, `connection:${Date.now()}:${(told += 1)}`, "connection");
  }

  async function remember(): Promise<void> {
    const idle = now.state === "close" || now.state === "logout";
    const stopped = idle && now.retry_ms === null ? (now.reason ?? "removed") : null;
    if (stopped === file.get().stopped) return;
    await file.set({ stopped, detail: now.detail });
  }

  async function open(): Promise<void> {
    const mine = (generation += 1);
    try {
      vault = await usableVault();
    } catch (error) {
      dispatch({ type: "unusable", detail: whyOf(error) });
      return;
    }
    if (now.state !== "connecting" || stopping) return;
    const { creds, keys } = vault;
    try {
      connection = connect({
        wire: deps.wire,
        creds,
        keys: signalKeys(keys, () => generation === mine),
        log,
        retryCounts: retry_counts,
        sentMessage: (id) => loadMessage(messages, { fromMe: true, id }),
        timing,
        events: eventsOf(mine, vault),
      });
    } catch (error) {
      const close = { code: null, slug: "lost", detail: whyOf(error) } as const;
      dispatch({ type: "closed", close, paired: vault.paired(), jitter: 0 });
    }
  }

  /** What an unfinished pairing left would be taken for a login, and refused. */
  async function usableVault(): Promise<Vault> {
    if (vault?.creds.me && !vault.paired()) {
      await vault.close();
      vault = null;
    }
    if (vault) return vault;
    const opened = await storage.openAuth<AuthenticationCreds>(initAuthCreds);
    if (opened.origin.kind === "ok" && opened.origin.restored) {
      log.warn({ business_id, why: opened.origin.restored }, "[WA-ERROR] the pairing was mended");
    }
    return opened;
  }

  function eventsOf(mine: number, used: Vault): ConnectionEvents {
    const { creds } = used;
    const self = (): Self => ({ id: creds.me?.id ?? "", lid: creds.me?.lid ?? null });
    const current = (run: () => void) => (mine === generation ? run() : undefined);
    const phoneOf = async (lid: string) => {
      const mapping = connection?.sock.signalRepository.lidMapping;
      return (await mapping?.getPNForLID(lid).catch(() => null)) ?? null;
    };
    return {
      qr: (qr) => current(() => dispatch({ type: "qr", qr })),
      passkey: () => current(() => dispatch({ type: "passkey" })),
      open: () => current(opened),
      closed: (close) => current(() => closed(close, used.paired())),
      frame: () => (last_seen = Date.now()),
      message: (node, padded) => intake.message(node, padded, self(), phoneOf),
      upsert: (message) => void intake.upsert(message),
      ack: (attrs) => current(() => entered(fromAck(attrs))),
      receipt: (node: BinaryNode) => current(() => entered(fromReceipt(node))),
      credsChanged: () =>
        void used.saveCreds().catch((error: unknown) => {
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

  function closed(close: Close, paired: boolean): void {
    connection = null;
    dispatch({ type: "closed", close, paired, jitter: deps.jitter() });
  }

  function entered(what: ReturnType<typeof fromAck>): void {
    if (!what) return;
    onAnswer?.(what.ids);
    void intake.told(what);
  }

  /** From now on the connection has no say; gives what ends it. */
  function letGo(ms = 0): () => Promise<void> {
    generation += 1;
    const ended = connection;
    connection = null;
    return async () => ended?.hangUp(ms);
  }

  async function erase(): Promise<void> {
    const known = vault;
    vault = null;
    try {
      await (known ?? (await storage.openAuth<AuthenticationCreds>(initAuthCreds))).erase();
    } catch (error) {
      if (!(error instanceof StorageCorrupt)) throw error;
      await storage.setAuthAside();
    }
  }

  const phone = (): string | null =>
    ownPhone((vault?.paired() && vault.creds.me?.id) || file.get().paired_as || undefined);

  function status(): GatewaySession {
    const { state, reason, qr, attempt, detail } = now;
    const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
    return {
      businessId: business_id,
      state,
      reason,
      connected: state === "open",
      qr,
      phone: state === "logout" ? null : phone(),
      since,
      lastSeen: iso(last_seen),
      attempt,
      nextRetryAt: iso(next_retry_at),
      detail,
    };
  }

  let onAnswer: ((ids: readonly string[]) => void) | undefined;

  return {
    business_id,
    status,
    intake,
    /** Whether it is to be connected when the process starts. */
    wanted: () => file.get().stopped === null && file.get().paired_as !== null,
    /** The connection, once it may be written to. */
    ready: () => (now.state === "open" && settled ? connection : null),
    /** The connection, whatever becomes of it. */
    current: () => connection,
    onAnswer(listener: (ids: readonly string[]) => void): void {
      onAnswer = listener;
    },

    start,
    changed,

    /** The code to type on the phone, which is given in digits. */
    async pairingCode(digits: string): Promise<string> {
      if (now.state === "open") {
        throw new ProblemError(409, "already_connected", "This business is connected already.");
      }
      await start(true);
      await changed(() => now.qr !== null || now.state !== "connecting", timing.login);
      const sock = now.qr ? connection?.sock : undefined;
      if (!sock) throw unreached(now.detail);
      const code = await within(timing.ask, sock.requestPairingCode(digits)).catch(() => null);
      if (!code) throw unreached(null);
      dispatch({ type: "pairing_code" });
      return code;
    },

    /** Logs out at WhatsApp when it can be reached, and erases the pairing in any case. */
    async remove(): Promise<void> {
      const sock = now.state === "open" ? connection?.sock : undefined;
      // WhatsApp ends the connection as for a logout from the phone, which this one is not.
      generation += 1;
      if (sock?.user) {
        const ask = within(timing.ask, sock.query(farewell(sock.user.id)));
        await ask.catch((error: unknown) => {
          const why = whyOf(error);
          log.warn({ business_id, why }, "[WA-ERROR] WhatsApp did not confirm the logout");
        });
      }
      dispatch({ type: "removed" });
      await tail;
    },

    /** Ends the connection and stays paired; everything that was being written is on the disk. */
    async stop(ms: number): Promise<void> {
      stopping = true;
      clearTimeout(retry);
      clearTimeout(standing);
      inTurn(letGo(ms));
      await tail;
      await vault?.saveCreds();
      await vault?.close();
    },
  };

  /** @param asked by a person, who accepts that a damaged pairing is given up */
  async function start(asked: boolean): Promise<void> {
    if (asked && file.get().stopped === "quarantined" && !vault) await setDamagedAside();
    dispatch({ type: "start" });
  }

  /** Resolves when it is so, or after `ms`. */
  async function changed(isSo: () => boolean, ms: number): Promise<void> {
    if (isSo()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => isSo() && resolve();
    const timer = setTimeout(resolve, ms);
    watchers.add(look);
    await promise;
    clearTimeout(timer);
    watchers.delete(look);
  }

  async function setDamagedAside(): Promise<void> {
    try {
      vault = await storage.openAuth<AuthenticationCreds>(initAuthCreds);
    } catch (error) {
      if (!(error instanceof StorageCorrupt)) return;
      log.warn({ business_id, why: error.message }, "[WA-ERROR] a damaged pairing is set aside");
      await storage.setAuthAside();
    }
  }
}

export type Session = ReturnType<typeof createSession>;

const slugOf = ({ code, slug }: Close): string => (code === null ? slug : `${code}:${slug}`);

const whyOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 300);

const unreached = (detail: string | null) =>
  new ProblemError(409, "no_pairing", detail ?? "WhatsApp gave no code. Try again in a moment.");

function farewell(jid: string): BinaryNode {
  return {
    tag: "iq",
    attrs: { to: S_WHATSAPP_NET, type: "set", xmlns: "md" },
    content: [{ tag: "remove-companion-device", attrs: { jid, reason: "user_initiated" } }],
  };
}
