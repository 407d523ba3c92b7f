import type { Logger } from "pino";
import type { Sock } from "../session/socket.ts";
import { whyOf } from "../session/why.ts";

/**
 * "typing…" for a customer. Shown only by an account that is online, so the account is online just
 * as long: an online companion keeps the owner's phone quiet.
 */
export function createPresence(longest_ms: number, log: Logger) {
  const typing = new Map<string, NodeJS.Timeout>();

  async function say(sock: Sock, jid: string, on: boolean): Promise<void> {
    try {
      if (on && typing.size === 1) await sock.sendPresenceUpdate("available");
      await sock.sendPresenceUpdate(on ? "composing" : "paused", jid);
      if (!on && typing.size === 0) await sock.sendPresenceUpdate("unavailable");
    } catch (error) {
      log.debug({ why: whyOf(error) }, "[WA] typing is not shown");
    }
  }

  function end(sock: Sock, jid: string): void {
    clearTimeout(typing.get(jid));
    if (typing.delete(jid)) void say(sock, jid, false);
  }

  return {
    /** Ends by itself after a while. */
    set(sock: Sock, jid: string, on: boolean): void {
      if (!on) return end(sock, jid);
      clearTimeout(typing.get(jid));
      typing.set(
        jid,
        setTimeout(() => end(sock, jid), longest_ms),
      );
      void say(sock, jid, true);
    },
    /** The connection is over. */
    forget(): void {
      for (const timer of typing.values()) clearTimeout(timer);
      typing.clear();
    },
  };
}
