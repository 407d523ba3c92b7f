import type { WAMessage } from "@whiskeysockets/baileys";
import type { Logger } from "pino";
import type { Sock } from "../session/socket.ts";
import { whyOf } from "../session/why.ts";

/**
 * Asks the owner's phone for the words of a message that its sender could not send readably. The
 * answer comes as a message like any other.
 */
export async function askPhone(sock: Sock, message: WAMessage, log: Logger): Promise<void> {
  const { key, messageTimestamp, pushName } = message;
  const { remoteJid, fromMe, id } = key;
  if (!remoteJid || !id || fromMe) return;
  // What the phone leaves out in its answer is taken from here.
  const known = {
    key,
    ...(messageTimestamp && { messageTimestamp }),
    ...(pushName && { pushName }),
  };
  try {
    await sock.requestPlaceholderResend({ remoteJid, fromMe: false, id }, known);
  } catch (error) {
    log.warn({ id, why: whyOf(error) }, "[WA-ERROR] the phone was not asked for a message");
  }
}
