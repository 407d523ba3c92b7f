import type { BinaryNode, WAMessage } from "@whiskeysockets/baileys";
import { explainClose } from "./close.ts";
import type { Close } from "./close.ts";
import { guardSocket, openSocket, rawSocket } from "./socket.ts";
import type { Sock, SocketDeps } from "./socket.ts";
import type { Timing } from "./timing.ts";
import { whyOf } from "./why.ts";
import { within } from "./within.ts";
import { createWriteAhead } from "../incoming/write-ahead.ts";

export interface ConnectionEvents {
  qr(payload: string): void;
  passkey(): void;
  open(): void;
  /** Once, and the last of all. */
  closed(close: Close): void;
  frame(): void;
  /** Makes it durable. */
  message(node: BinaryNode, padded: Uint8Array): Promise<void>;
  /** All that the library shows, among it what did not come by `message`. */
  upsert(message: WAMessage): void;
  /** WhatsApp's own answer to a message that was sent. */
  ack(attrs: Record<string, string>): void;
  receipt(node: BinaryNode): void;
  credsChanged(): void;
}

export interface Connection {
  readonly sock: Sock;
  /** Resolves when the connection is over, whoever ended it. */
  readonly gone: Promise<void>;
  /** Resolves when the keys of what was being decrypted are stored. */
  decrypted(): Promise<void>;
  /** Ends it without a word to `closed`; resolves when it is gone, at the latest after `ms`. */
  hangUp(ms?: number): Promise<void>;
  /** Ends it as if it had ended by itself. */
  giveUp(close: Close): void;
}

export interface ConnectionDeps extends Omit<SocketDeps, "makeSignalRepository"> {
  readonly timing: Timing;
  /** False as soon as another gateway may have the session. */
  readonly mayTalk: (() => boolean) | undefined;
  /** Of this business, for all its connections. */
  readonly stuck_before: Map<string, number>;
  readonly events: ConnectionEvents;
}

/**
 * One connection from its start to its end, with the watches that the library lacks: a deadline
 * for connecting (an HTTP error at the upgrade makes no event at all), the age of the last frame
 * (the library takes a minute and a half to notice a dead link), messages that get stuck.
 */
export function connect(deps: ConnectionDeps): Connection {
  const { timing, events } = deps;
  const now = () => performance.now();
  const { stuck_before } = deps;
  const take = events.message;
  const writeAhead = createWriteAhead({ take, failed: storeFailed, stuck_before, now });
  const keys = guardedKeys(deps.keys, storeFailed);
  const sock = openSocket({
    ...deps,
    keys,
    makeSignalRepository: writeAhead.makeSignalRepository,
  });
  if (deps.mayTalk) guardSocket(sock, deps.mayTalk);
  const timers: NodeJS.Timeout[] = [];
  let last_frame = now();
  let over = false;
  let deadline = setTimeout(() => giveUp(late("WhatsApp did not answer.")), timing.login);
  const { promise: gone, resolve: nowGone } = Promise.withResolvers<void>();

  const every = (ms: number, run: () => void) => void timers.push(setInterval(run, ms));
  const late = (detail: string): Close => ({ code: 408, slug: "lost", detail });

  function storeFailed(error: unknown): void {
    // At once, before the library can tell WhatsApp anything about the message.
    rawSocket(sock)?.terminate();
    const detail = `The storage did not take it: ${whyOf(error)}`;
    giveUp({ code: null, slug: "deaf", detail });
  }

  function dispose(): boolean {
    if (over) return false;
    over = true;
    clearTimeout(deadline);
    for (const timer of timers) clearInterval(timer);
    sock.ev.flush();
    return true;
  }

  function giveUp(close: Close): void {
    if (!dispose()) return;
    void end();
    events.closed(close);
  }

  /** The library waits up to 30 s for the other side's goodbye. */
  async function end(ms = 0): Promise<void> {
    const ended = sock.end(undefined).catch(() => {});
    if (ms > 0) await within(ms, ended).catch(() => {});
    rawSocket(sock)?.terminate();
    nowGone();
  }

  sock.ws.prependListener("CB:message", (node: BinaryNode) => writeAhead.arrived(node));
  sock.ws.on("frame", () => {
    last_frame = now();
    if (!over) events.frame();
  });
  sock.ws.on("CB:success", () => {
    clearTimeout(deadline);
    if (over) return;
    deadline = setTimeout(() => giveUp(late("WhatsApp let us in, but not on.")), timing.open);
  });
  sock.ws.on("CB:notification,type:passkey_prologue_request", () => over || events.passkey());
  sock.ws.on("CB:ack,class:message", ({ attrs }: BinaryNode) => events.ack(attrs));
  sock.ws.on("CB:receipt", (node: BinaryNode) => events.receipt(node));
  sock.ws.on("unexpected-response", (request: { destroy(): void }, response: Answer) => {
    request.destroy();
    const { statusCode: code = null } = response;
    giveUp({ code, slug: "upgrade_rejected", detail: `HTTP ${code} instead of a WebSocket.` });
  });
  sock.ev.on("creds.update", () => events.credsChanged());
  sock.ev.on("messages.upsert", ({ messages }) => {
    for (const message of messages) events.upsert(message);
  });
  sock.ev.on("connection.update", (update) => {
    if (over) return;
    if (update.receivedPendingNotifications) clearInterval(flushing);
    if (update.qr) {
      clearTimeout(deadline);
      events.qr(update.qr);
    }
    if (update.connection === "open") {
      clearTimeout(deadline);
      events.open();
    }
    if (update.connection === "close" && dispose()) {
      nowGone();
      events.closed(explainClose(update.lastDisconnect?.error));
    }
  });

  const flushing = setInterval(() => sock.ev.flush(), timing.flush);
  timers.push(flushing);
  every(timing.silence / 5, () => {
    if (now() - last_frame < timing.silence) return;
    giveUp(late(`Nothing came from WhatsApp for ${Math.round(timing.silence / 1000)} s.`));
  });
  every(timing.deaf / 5, () => {
    if (writeAhead.stuckFor() < timing.deaf) return;
    writeAhead.giveUp();
    giveUp({ code: null, slug: "deaf", detail: "Messages arrived and were not taken." });
  });

  return {
    sock,
    gone,
    giveUp,
    decrypted: writeAhead.idle,
    async hangUp(ms = 0) {
      if (!dispose()) return;
      await end(ms);
      if (ms > 0) await within(ms, writeAhead.idle()).catch(() => {});
    },
  };
}

interface Answer {
  statusCode?: number;
}

/** A key store that can't be trusted to have kept a key must not go on for another message. */
function guardedKeys(keys: SocketDeps["keys"], failed: (error: unknown) => void) {
  const watched = async <T>(asked: Promise<T>): Promise<T> => {
    try {
      return await asked;
    } catch (error) {
      failed(error);
      throw error;
    }
  };
  const guarded: SocketDeps["keys"] = {
    get: (type, ids) => watched(Promise.resolve(keys.get(type, ids))),
    set: (data) => watched(Promise.resolve(keys.set(data))),
  };
  return guarded;
}
