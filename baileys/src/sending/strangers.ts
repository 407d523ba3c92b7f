import type { Sock } from "../session/socket.ts";
import { isLid } from "../session/jid.ts";
import { within } from "../session/within.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const MOST = 5000;

/** Knows who has written, and from which address. */
export function createAcquaintances() {
  /** Since the process started: their keys may still be on the way to the disk. */
  const heard = new Map<string, string>();
  return {
    /** @param alt the same person's other address */
    add(chat: string, alt: string | null): void {
      for (const jid of [chat, ...(alt ? [alt] : [])]) {
        heard.delete(jid);
        heard.set(jid, chat);
      }
      for (const oldest of heard.keys()) {
        if (heard.size <= MOST) break;
        heard.delete(oldest);
      }
    },
    /** An answer goes to the address that the message came from. */
    addressOf: (jid: string): string => heard.get(jid) ?? jid,
    /**
     * Somebody with whom there are no keys has never exchanged a message with this account: keys
     * are made by the first message, whoever wrote it, and are kept with the pairing.
     */
    async isStranger(sock: Sock, jid: string, ms: number): Promise<boolean> {
      if (heard.has(jid)) return false;
      const { exists } = await within(ms, sock.signalRepository.validateSession(jid));
      return !exists;
    },
  };
}

export type Acquaintances = ReturnType<typeof createAcquaintances>;

/** Whether numbers are on WhatsApp, asked once a day: asking often is noticed there. */
export function createNumberCheck() {
  const known = new Map<string, { exists: boolean; at: number }>();
  return async (sock: Sock, jid: string, ms: number): Promise<boolean> => {
    if (isLid(jid)) return true;
    const before = known.get(jid);
    if (before && Date.now() - before.at < DAY_MS) return before.exists;
    const [found] = (await within(ms, sock.onWhatsApp(jid))) ?? [];
    const exists = found?.exists === true;
    known.set(jid, { exists, at: Date.now() });
    if (known.size > MOST) for (const oldest of known.keys()) return (known.delete(oldest), exists);
    return exists;
  };
}
