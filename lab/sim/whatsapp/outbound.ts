import { proto } from "@whiskeysockets/baileys";
import type { Companion } from "./companion.ts";
import { jidOf } from "./conversation.ts";
import type { Customer } from "./customer.ts";
import { faultOf } from "./faults.ts";
import { address } from "./jid.ts";
import { seconds, type Network } from "./network.ts";
import {
  attribute,
  bytes,
  child,
  children,
  Malformed,
  maybeChild,
  stanza,
  type Stanza,
} from "./stanza.ts";

const types = new Set(["text", "media", "reaction", "poll", "event"]);

/** A client sends a message: it is checked, passed on and answered. */
export async function sendMessage(
  network: Network,
  companion: Companion,
  node: Stanza,
): Promise<void> {
  const { phone } = companion;
  const [id, to] = [attribute(node, "id"), attribute(node, "to")];
  if (!types.has(attribute(node, "type")))
    throw new Malformed(`message type ${node.attrs["type"]}`);
  const target = network.find(to);
  const parts = envelopes(node);
  identityIncluded(companion, node, parts);
  const ack = (fields: Record<string, string> = {}) => {
    const about = { class: "message", id, from: to, t: seconds(), ...fields };
    companion.connection?.send(stanza("ack", about));
  };
  if (!target) return ack({ error: "404" });

  const faults = phone.acks.take();
  const stranger = !("companions" in target) && !phone.known_customers.has(target.number);
  const refused =
    faultOf(faults, "error")?.code ?? (phone.restricted && stranger ? 463 : undefined);
  if (refused) return ack({ error: String(refused) });
  if (faultOf(faults, "lost")) return;
  if (!("companions" in target)) tokenMatches(network, companion, target, node);
  else if (target !== phone) throw new Malformed("message to another business");
  if (node.attrs["category"] !== "peer" && !parts.direct) complete(companion, to, parts.sealed);

  const slow = faultOf(faults, "slow");
  if (slow) network.later(slow.ms, ack);
  else if (!faultOf(faults, "withheld")) ack();

  for (const { jid, enc } of parts.sealed) {
    const { device, user } = address(jid);
    if (user === phone.number || user === phone.lid) {
      const other = phone.companions.get(device);
      if (device === 0) await phone.receive(companion, enc, node);
      else if (other) copyToOther(companion, other, enc, node);
    } else if (user === target.number || user === target.lid) {
      await (target as Customer).receive(companion, enc, node);
    } else throw new Malformed(`participant ${jid} has no part in it`);
  }
}

interface Envelopes {
  /** Sent to one device alone, as a resend or to the own phone. */
  direct: boolean;
  sealed: { jid: string; enc: Stanza }[];
}

function envelopes(node: Stanza): Envelopes {
  const participants = maybeChild(node, "participants");
  const sealed = participants
    ? children(participants, "to").map((to) => ({
        jid: attribute(to, "jid"),
        enc: child(to, "enc"),
      }))
    : [{ jid: attribute(node, "to"), enc: child(node, "enc") }];
  for (const { enc } of sealed) {
    bytes(enc);
    const { v, type } = enc.attrs;
    if (v !== "2" || (type !== "pkmsg" && type !== "msg")) throw new Malformed(`enc ${v} ${type}`);
  }
  if (sealed.length === 0) throw new Malformed("message for no device");
  return { direct: participants === null, sealed };
}

/** The first message to a device must prove that the account vouches for the sender. */
function identityIncluded({ phone }: Companion, node: Stanza, { sealed }: Envelopes): void {
  if (!sealed.some(({ enc }) => enc.attrs["type"] === "pkmsg")) return;
  const identity = proto.ADVSignedDeviceIdentity.decode(bytes(child(node, "device-identity")));
  const key = Buffer.from(identity.accountSignatureKey ?? []);
  if (!key.equals(phone.signal.identity.public)) throw new Malformed("another account's identity");
}

/** The recipient, and every other device of the account, gets its own envelope. */
function complete({ phone, device }: Companion, to: string, sealed: Envelopes["sealed"]): void {
  const reached = new Set(sealed.map(({ jid }) => `${address(jid).user}:${address(jid).device}`));
  const { user, server } = address(to);
  const own = server === "lid" ? phone.lid : phone.number;
  const others = [0, ...phone.companions.keys()].filter((other) => other !== device);
  for (const wanted of [`${user}:0`, ...others.map((other) => `${own}:${other}`)]) {
    if (!reached.has(wanted)) throw new Malformed(`no envelope for ${wanted}`);
  }
}

function tokenMatches(network: Network, companion: Companion, to: Customer, node: Stanza): void {
  const token = maybeChild(node, "tctoken");
  const { number } = companion.phone;
  if (token && !to.tokenFor(companion.phone).equals(bytes(token))) {
    network.violation(number, "tctoken of somebody else", node);
  }
}

function copyToOther(from: Companion, to: Companion, enc: Stanza, node: Stanza): void {
  const { id, type, edit, to: recipient } = node.attrs;
  const addressing = address(recipient!).server === "lid" ? "lid" : "pn";
  const sender = jidOf(from.phone, addressing, from.device);
  const attributes = { from: sender, recipient, id, type, edit, t: seconds() };
  const identity = maybeChild(node, "device-identity");
  to.deliver(stanza("message", attributes, identity ? [enc, identity] : [enc]));
}
