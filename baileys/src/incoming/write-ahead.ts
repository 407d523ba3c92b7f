import { DEFAULT_CONNECTION_CONFIG } from "@whiskeysockets/baileys";
import type { BinaryNode, SignalKeyStoreWithTransaction } from "@whiskeysockets/baileys";
import type { SocketConfig } from "@whiskeysockets/baileys";
import { customerJid } from "../session/jid.ts";

export interface WriteAheadDeps {
  /** Makes the decrypted message durable. When it rejects, no receipt may go out. */
  readonly take: (node: BinaryNode, padded: Uint8Array) => Promise<void>;
  /** Called before anybody can answer WhatsApp: the connection has to be cut right here. */
  readonly failed: (error: unknown) => void;
  /** How often messages, by id, were stuck on connections before this one. */
  readonly stuck_before: Map<string, number>;
  readonly now: () => number;
}

/** A message that got stuck so often is itself what is wrong, and no reason to connect again. */
const TRIES = 3;

/**
 * Puts each decrypted message on the disk before the library acknowledges it, and before the
 * session's ratchet is stored: killed in between, WhatsApp sends it again and it can be read again.
 * Also knows which messages arrived and never got so far.
 */
export function createWriteAhead({ take, failed, stuck_before, now }: WriteAheadDeps) {
  /** The library hands the same object to the decryption that came in the node. */
  const nodes = new WeakMap<Uint8Array, BinaryNode>();
  const waiting = new Map<BinaryNode, number>();
  const under_way = new Set<Promise<unknown>>();
  let progress = 0;

  const settled = (node: BinaryNode) => {
    if (waiting.delete(node)) progress = now();
  };

  const makeSignalRepository: SocketConfig["makeSignalRepository"] = (auth, logger, lookUp) => {
    const repository = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(auth, logger, lookUp);
    const keys = auth.keys as SignalKeyStoreWithTransaction;
    return {
      ...repository,
      decryptMessage: async (given) => {
        const node = nodes.get(given.ciphertext);
        if (!node) return repository.decryptMessage(given);
        // Within the library's own transaction, which is stored when this one ends.
        const taken = keys.transaction(async () => {
          const padded = await repository.decryptMessage(given);
          await take(node, padded).catch((error: unknown) => {
            failed(error);
            throw error;
          });
          return padded;
        }, given.jid);
        under_way.add(taken);
        try {
          return await taken;
        } finally {
          under_way.delete(taken);
          settled(node);
        }
      },
    };
  };

  return {
    makeSignalRepository,
    /** A message came in; the library has not seen it yet. */
    arrived(node: BinaryNode): void {
      const { from, id = "" } = node.attrs;
      // What is not from a person is turned away without being read.
      if (!Array.isArray(node.content) || !customerJid(from)) return;
      const watched = (stuck_before.get(id) ?? 0) < TRIES;
      for (const { tag, attrs, content } of node.content) {
        if (tag !== "enc" || !(content instanceof Uint8Array)) continue;
        nodes.set(content, node);
        const { type } = attrs;
        if (watched && (type === "msg" || type === "pkmsg")) waiting.set(node, now());
      }
    },
    /** Resolves when what was being taken is stored, or is not going to be. */
    idle: async (): Promise<void> => void (await Promise.allSettled(under_way)),
    /** Milliseconds for which messages have waited and none got on; 0: nothing waits. */
    stuckFor(): number {
      const [oldest] = waiting.values();
      return oldest === undefined ? 0 : now() - Math.max(oldest, progress);
    },
    /** Counts what is stuck. */
    giveUp(): void {
      for (const { attrs } of waiting.keys()) {
        const id = attrs["id"] ?? "";
        stuck_before.set(id, (stuck_before.get(id) ?? 0) + 1);
      }
    },
  };
}
