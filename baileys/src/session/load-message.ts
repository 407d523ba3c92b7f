import { proto } from "@whiskeysockets/baileys";
import type { MessageKey, MessageStore } from "../storage/index.ts";

/** A stored message; undefined when it is not stored (any more). */
export async function loadMessage(
  messages: MessageStore,
  key: MessageKey,
): Promise<proto.IMessage | undefined> {
  const bytes = await messages.get(key);
  return bytes && proto.Message.decode(bytes);
}
