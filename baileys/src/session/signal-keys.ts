import { proto } from "@whiskeysockets/baileys";
import type { SignalKeyStore } from "@whiskeysockets/baileys";
import type { SignalKeys } from "../storage/index.ts";

/**
 * The vault's keys as the library wants them, for as long as `current` says so: what an ended
 * connection still writes would set the ratchets of the next one back.
 */
export function signalKeys(keys: SignalKeys, current: () => boolean): SignalKeyStore {
  return {
    get: async (type, ids) => {
      const found = await keys.get(type, ids);
      // It is a class of the library's protocol buffers and not plain JSON.
      if (type === "app-state-sync-key") {
        for (const [id, value] of Object.entries(found)) {
          found[id] = proto.Message.AppStateSyncKeyData.fromObject(value as object);
        }
      }
      return found as Awaited<ReturnType<SignalKeyStore["get"]>> as never;
    },
    set: async (data) => {
      if (!current()) throw new Error("This connection has ended.");
      await keys.set(data);
    },
  };
}
