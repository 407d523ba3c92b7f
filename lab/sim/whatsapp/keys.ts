import { KEY_BUNDLE_TYPE } from "@whiskeysockets/baileys";
import type { Companion } from "./companion.ts";
import { address } from "./jid.ts";
import type { Network } from "./network.ts";
import { bundleStanza, type KeyBundle } from "./signal-device.ts";
import {
  attribute,
  bytes,
  child,
  children,
  Malformed,
  stanza,
  uint,
  type Stanza,
} from "./stanza.ts";

/** A client uploads its keys, one-time keys among them. */
export function uploadKeys(companion: Companion, iq: Stanza): void {
  const { registration } = companion;
  if (registration.identity.length === 0) {
    registration.identity = bytes(child(iq, "identity"), 32);
    registration.registration_id = uint(child(iq, "registration"), 4);
  }
  if (!bytes(child(iq, "type")).equals(KEY_BUNDLE_TYPE)) throw new Malformed("key type");
  if (!bytes(child(iq, "identity"), 32).equals(registration.identity)) {
    throw new Malformed("keys of another identity than the linked one");
  }
  if (uint(child(iq, "registration"), 4) !== registration.registration_id) {
    throw new Malformed("keys of another registration");
  }
  registration.signed = signedKey(child(iq, "skey"));
  const keys = children(child(iq, "list"), "key");
  if (keys.length === 0) throw new Malformed("upload of no keys");
  companion.uploaded(
    keys.map((key): [number, Buffer] => [
      uint(child(key, "id"), 3),
      bytes(child(key, "value"), 32),
    ]),
  );
}

export function signedKey(skey: Stanza) {
  return {
    id: uint(child(skey, "id"), 3),
    public: bytes(child(skey, "value"), 32),
    signature: bytes(child(skey, "signature"), 64),
  };
}

/** Keys that come with a request to send a message again. */
export function enclosedBundle(receipt: Stanza, keys: Stanza): KeyBundle {
  const key = child(keys, "key");
  return {
    registration_id: uint(child(receipt, "registration"), 4),
    identity: bytes(child(keys, "identity"), 32),
    signed: signedKey(child(keys, "skey")),
    one_time: { id: uint(child(key, "id"), 3), public: bytes(child(key, "value"), 32) },
  };
}

/** Keys of those a client wants to write to. */
export function keysOf(network: Network, companion: Companion, wanted: Stanza): Stanza {
  const users = children(wanted, "user");
  if (users.length === 0) throw new Malformed("keys of nobody");
  const list = users.map((user) => {
    const jid = attribute(user, "jid");
    const found = network.find(jid);
    const { device } = address(jid);
    const refused = stanza("user", { jid }, [stanza("error", { code: "404", text: "not-found" })]);
    if (!found) return refused;
    if (device === 0) return bundleStanza(jid, found.signal.bundle());
    const other = "companions" in found ? found.companions.get(device) : undefined;
    if (!other || other === companion) return refused;
    return bundleStanza(jid, other.takeBundle());
  });
  return stanza("list", {}, list);
}
