/** A message's place: own sends by id alone, as retry receipts name them; others by chat too. */
export type MessageKey = { fromMe: true; id: string } | { fromMe: false; id: string; chat: string };

export interface MessageStore {
  /** Raw bytes of `proto.Message` (or what the caller likes). Durable when it resolves. */
  put(key: MessageKey, bytes: Uint8Array): Promise<void>;
  get(key: MessageKey): Promise<Buffer | undefined>;
  has(key: MessageKey): boolean;
}
