import type { Companion } from "./companion.ts";
import { Customer } from "./customer.ts";
import { address } from "./jid.ts";
import { answerIq } from "./iq.ts";
import type { Network } from "./network.ts";
import { sendMessage } from "./outbound.ts";
import { attribute, children, Malformed, stanza, type Stanza } from "./stanza.ts";

/** What a linked client sent. @throws Malformed when WhatsApp would not accept it */
export async function handleStanza(
  network: Network,
  companion: Companion,
  node: Stanza,
): Promise<void> {
  switch (node.tag) {
    case "iq":
      return answerIq(network, companion, node);
    case "message":
      return sendMessage(network, companion, node);
    case "receipt":
      return receipt(network, companion, node);
    case "ack":
      return acknowledged(companion, node);
    case "presence":
      return presence(companion, node);
    case "chatstate":
      return chatState(network, companion, node);
    case "ib":
      return information(companion, node);
    default:
      throw new Malformed(`unknown stanza <${node.tag}>`);
  }
}

/** Types of receipts about messages that came from customers. */
const for_customers = new Map([
  ["", "delivered"],
  ["inactive", "delivered"],
  ["read", "read"],
  ["played", "played"],
  ["retry", "retry"],
]);
/** About copies of the account's own messages, and for its own phone. */
const for_the_phone = new Set([
  "sender",
  "peer_msg",
  "hist_sync",
  "read-self",
  "retry",
  "server-error",
]);

async function receipt(network: Network, companion: Companion, node: Stanza): Promise<void> {
  const [id, to] = [attribute(node, "id"), attribute(node, "to")];
  const type = node.attrs["type"] ?? "";
  const items = children(children(node)[0] ?? node, "item").map((item) => attribute(item, "id"));
  const ids = [id, ...items];
  for (const one of ids) {
    // What the client asks for again it does not have yet: its ack follows.
    if (type === "retry" || type === "server-error") continue;
    if (!companion.acknowledge("message", one))
      throw new Malformed(`receipt for ${one}, never sent`);
  }
  const { user } = address(to);
  const { phone } = companion;
  const about = { class: "receipt", id, from: to, type: node.attrs["type"] };
  companion.connection?.send(stanza("ack", about));
  if (user === phone.number || user === phone.lid || type === "read-self") {
    if (!for_the_phone.has(type)) throw new Malformed(`receipt ${type} to the own phone`);
    return phone.told(companion, type, node);
  }
  const told = for_customers.get(type);
  const customer = network.find(to);
  if (!told || !(customer instanceof Customer)) throw new Malformed(`receipt ${type} to ${to}`);
  if (told === "read") attribute(node, "t");
  await customer.told(companion, told, ids, node);
}

const acknowledged_classes = new Set(["message", "receipt", "notification", "call"]);

function acknowledged(companion: Companion, node: Stanza): void {
  const [id, kind] = [attribute(node, "id"), attribute(node, "class")];
  attribute(node, "to");
  if (!acknowledged_classes.has(kind)) throw new Malformed(`ack of class ${kind}`);
  if (!companion.acknowledge(kind, id, node.attrs["type"])) {
    throw new Malformed(`ack for ${kind} ${id}, never sent`);
  }
  const error = node.attrs["error"];
  if (error) companion.nacks.add({ id, error });
}

function presence({ phone }: Companion, node: Stanza): void {
  const type = node.attrs["type"];
  // A name alone, or nothing, says how the client calls itself.
  if (type === undefined) return;
  if (type === "subscribe") return void address(attribute(node, "to"));
  if (type !== "available" && type !== "unavailable") throw new Malformed(`presence ${type}`);
  attribute(node, "name");
  phone.presence.add(type);
}

function chatState(network: Network, { phone, jid, lid }: Companion, node: Stanza): void {
  const [from, to] = [attribute(node, "from"), attribute(node, "to")];
  if (from !== jid && from !== lid) throw new Malformed(`chatstate from ${from}`);
  if ((from === lid) !== (address(to).server === "lid")) throw new Malformed("mixed addresses");
  const customer = network.find(to);
  if (!(customer instanceof Customer)) throw new Malformed(`chatstate to ${to}`);
  const [state] = children(node);
  if (state?.tag !== "composing" && state?.tag !== "paused") throw new Malformed("chatstate");
  const online = phone.presence.items.at(-1) === "available";
  const shown = state.attrs["media"] === "audio" ? ("recording" as const) : state.tag;
  customer.chat_states.add({ state: shown, online });
}

function information(companion: Companion, node: Stanza): void {
  const [about] = children(node);
  if (about?.tag === "offline_batch") {
    attribute(about, "count");
    return companion.sendOffline();
  }
  if (about?.tag !== "unified_session") throw new Malformed(`information about ${about?.tag}`);
}
