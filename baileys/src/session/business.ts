import type { GatewaySend, GatewaySession } from "@agentlocator/contract";
import { notConnected, ProblemError } from "../problem.ts";
import { SendConflict, SendWithdrawn } from "../storage/index.ts";
import type { SendStatus } from "../storage/index.ts";
import type { FetchedMedia } from "../sending/compose.ts";
import { addressee } from "./jid.ts";
import { openMedia } from "../media/media.ts";
import { createPresence } from "../sending/presence.ts";
import { createSender } from "../sending/sending.ts";
import { createSession } from "./session.ts";
import type { SessionDeps } from "./session.ts";
import type { Sock } from "./socket.ts";
import { createAcquaintances } from "../sending/strangers.ts";
import { whyOf } from "./why.ts";

export interface BusinessDeps extends Omit<SessionDeps, "acquaintances"> {
  readonly fetchMedia: (url: string, type: GatewaySend["type"]) => Promise<FetchedMedia>;
}

/** Everything the gateway does for one business. What it throws is a ProblemError or a fault. */
export function createBusiness(deps: BusinessDeps) {
  const { storage, timing, log } = deps;
  const { businessId: business_id, messages, sends: ledger } = storage;
  const acquaintances = createAcquaintances();
  const presence = createPresence(timing.typing, log);
  const session = createSession(
    { ...deps, acquaintances },
    {
      changed() {
        if (!session.current()) presence.forget();
        sender.work();
      },
      told: (ids) => sender.settled(ids),
    },
  );
  const sender = createSender({
    business_id,
    ledger,
    messages,
    connection: () => session.ready(),
    fetchMedia: deps.fetchMedia,
    acquaintances,
    report: (event) =>
      session.intake.tell(event, `receipt:${event.id}:${event.status}`, "receipts"),
    timing,
    log,
  });

  function sock(): Sock {
    const connection = session.status().connected ? session.current() : null;
    if (!connection) throw notConnected();
    return connection.sock;
  }

  return {
    session,
    status: (): GatewaySession => session.status(),

    /** Takes a message; it is on the disk when this resolves, and with WhatsApp soon after. */
    async send(message: GatewaySend): Promise<{ messageId: string }> {
      const jid = addressee(message.to);
      if (!jid) throw new ProblemError(400, "bad_address", "`to` is no phone number and no JID.");
      const known = ledger.status(message.idempotencyKey) !== undefined;
      if (!known) {
        const asked = acquaintances.isStranger(sock(), jid, timing.accept);
        // Not known in time: it is asked again, with more patience, before anything is written.
        const stranger = await asked.catch(() => false);
        if (stranger && !message.allowStranger) {
          const why = "This contact has never written; the account does not write first.";
          throw new ProblemError(403, "stranger", why);
        }
      }
      const { idempotencyKey } = message;
      const { messageId } = await ledger
        .accept({ idempotencyKey, body: message })
        .catch((error: unknown) => {
          throw refusal(error);
        });
      sender.work();
      return { messageId };
    },

    sendState: (idempotencyKey: string): SendStatus | undefined => ledger.status(idempotencyKey),
    cancelSend: (idempotencyKey: string): Promise<boolean> => ledger.cancel(idempotencyKey),

    /** Shows the customer that these were read. Goes out soon, or not at all. */
    read(keys: readonly { id: string; remoteJid: string }[]): void {
      const { readMessages } = sock();
      const ours = keys.map((key) => ({ ...key, fromMe: false }));
      readMessages(ours).catch((error: unknown) => {
        const why = whyOf(error);
        log.warn({ business_id, why }, "[WA-ERROR] read receipts were not sent");
      });
    },

    typing(to: string, on: boolean): void {
      const jid = addressee(to);
      if (!jid) throw new ProblemError(400, "bad_address", "`to` is no phone number and no JID.");
      presence.set(sock(), jid, on);
    },

    /** @throws DownloadError */
    media: (ref: string): Promise<FetchedMedia> =>
      openMedia({ messages, timeout_ms: timing.media }, ref, session.ready()?.sock ?? null),

    /** Sends that WhatsApp has not taken. */
    queue: (): number => ledger.pending().length,

    /** What it is doing ends before this returns; `stop` comes after it. */
    cut(): void {
      sender.stop();
      session.cut();
    },

    /** Ends in order, still paired; everything that was taken is on the disk. */
    async stop(ms: number): Promise<void> {
      sender.stop();
      presence.forget();
      try {
        await session.stop(ms);
      } finally {
        await storage.close();
      }
    },
  };
}

export type Business = ReturnType<typeof createBusiness>;

function refusal(error: unknown): unknown {
  if (error instanceof SendConflict) {
    const why = "This idempotencyKey was used for another message.";
    return new ProblemError(409, "idempotency_conflict", why);
  }
  if (error instanceof SendWithdrawn) {
    return new ProblemError(409, "withdrawn", "This message was withdrawn and is never sent.");
  }
  return error;
}

const STARTED = new Date().toISOString();

/** For a business that was never started here. */
export function unknownSession(businessId: number, detail: string | null = null): GatewaySession {
  return {
    businessId,
    state: "close",
    reason: null,
    connected: false,
    qr: null,
    phone: null,
    since: STARTED,
    lastSeen: null,
    attempt: 0,
    nextRetryAt: null,
    detail,
  };
}
