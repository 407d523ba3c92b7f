import {
  Browsers,
  isJidBroadcast,
  isJidGroup,
  isJidMetaAI,
  isJidNewsletter,
  makeWASocket,
} from "@whiskeysockets/baileys";
import type {
  AuthenticationCreds,
  CacheStore,
  proto,
  SignalKeyStore,
  SocketConfig,
  WAVersion,
} from "@whiskeysockets/baileys";
import type { Logger } from "pino";
import { libraryLog } from "./library-log.ts";

export type Sock = ReturnType<typeof makeWASocket>;

/** Where and as what the gateway connects. */
export interface Wire {
  /** WhatsApp's own when undefined. */
  readonly url: string | undefined;
  /** Of the client; the library's own when undefined. */
  readonly version: WAVersion | undefined;
}

export interface SocketDeps {
  readonly wire: Wire;
  readonly creds: AuthenticationCreds;
  readonly keys: SignalKeyStore;
  readonly log: Logger;
  readonly makeSignalRepository: SocketConfig["makeSignalRepository"];
  /** Of this business, for all its connections: a new one would start the count again. */
  readonly retryCounts: CacheStore;
  readonly sentMessage: (id: string) => Promise<proto.IMessage | undefined>;
}

/** Opens a connection to WhatsApp. Fetches nothing and connects to nothing else. */
export function openSocket(deps: SocketDeps): Sock {
  const { wire } = deps;
  return makeWASocket({
    auth: { creds: deps.creds, keys: deps.keys },
    logger: libraryLog(deps.log),
    ...(wire.url && { waWebSocketUrl: wire.url }),
    ...(wire.version && { version: wire.version }),
    // A pairing code is refused for names that are not a browser's.
    browser: Browsers.windows("Chrome"),
    // An online companion keeps the owner's phone from ringing.
    markOnlineOnConnect: false,
    syncFullHistory: false,
    emitOwnEvents: false,
    // The disk is either there within its own timeout, or the connection is made again.
    transactionOpts: { maxCommitRetries: 1, delayBetweenTriesMs: 0 },
    msgRetryCounterCache: deps.retryCounts,
    shouldIgnoreJid: notAPerson,
    makeSignalRepository: deps.makeSignalRepository,
    getMessage: async ({ id }) => (id ? deps.sentMessage(id) : undefined),
  });
}

const notAPerson = (jid: string): boolean =>
  [isJidGroup, isJidBroadcast, isJidNewsletter, isJidMetaAI].some((is) => is(jid) === true);

interface RawSocket {
  terminate(): void;
  send(bytes: Uint8Array, done?: (error?: Error) => void): void;
}

/** The library's own socket, which it does not show. */
export const rawSocket = ({ ws }: Sock): RawSocket | null =>
  (ws as unknown as { socket: RawSocket | null }).socket;

/**
 * From the moment it may not, nothing goes to WhatsApp any more: a process that slept in the middle
 * of a login must not go on with it and throw out who has the session now.
 */
export function guardSocket(sock: Sock, may: () => boolean): void {
  const raw = rawSocket(sock);
  if (!raw) return;
  const send = raw.send.bind(raw);
  raw.send = (bytes, done) => {
    if (may()) return send(bytes, done);
    raw.terminate();
    done?.(new Error("The session belongs to another gateway by now."));
  };
}
