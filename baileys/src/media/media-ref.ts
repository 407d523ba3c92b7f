import type { MessageKey } from "../storage/index.ts";
import { customerJid } from "../session/jid.ts";

interface Place {
  readonly from_me: boolean;
  readonly id: string;
  readonly remote_jid: string;
}

/** Names a message's media for as long as the message is stored. */
export function mediaRef({ from_me, id, remote_jid }: Place): string {
  return from_me ? `me|${id}` : `${remote_jid}|${id}`;
}

export function mediaKeyOf(ref: string): MessageKey | null {
  const bar = ref.indexOf("|");
  const [chat, id] = [ref.slice(0, bar), ref.slice(bar + 1)];
  if (bar < 1 || !id) return null;
  if (chat === "me") return { fromMe: true, id };
  return customerJid(chat) === chat ? { fromMe: false, id, chat } : null;
}
