import type { Companion } from "./companion.ts";
import { keysOf, signedKey, uploadKeys } from "./keys.ts";
import type { Network } from "./network.ts";
import {
  attribute,
  bytes,
  child,
  children,
  Malformed,
  SERVER,
  stanza,
  text,
  type Stanza,
} from "./stanza.ts";
import { usync } from "./usync.ts";

/** Answers with the content of the result. */
type Answer = (iq: Stanza, companion: Companion, network: Network) => Stanza[];

const privacy = [
  "readreceipts",
  "last",
  "online",
  "profile",
  "status",
  "groupadd",
  "calladd",
  "messages",
];

/** Every question a client may ask, by `type xmlns first-child`. */
const answers: Record<string, Answer> = {
  "get w:p ping": () => [],
  "get encrypt count": (_, { pre_keys }, { claimed_keys }) => [
    stanza("count", { value: String(Math.max(pre_keys.size, claimed_keys)) }),
  ],
  "get encrypt digest": () => [stanza("digest")],
  "get encrypt key": (iq, companion, network) => [keysOf(network, companion, child(iq, "key"))],
  "set encrypt registration": (iq, companion) => {
    uploadKeys(companion, iq);
    return [];
  },
  "set encrypt rotate": (iq, { registration }) => {
    registration.signed = signedKey(child(child(iq, "rotate"), "skey"));
    return [];
  },
  "set passive active": () => [],
  "get abt props": () => [stanza("props", { protocol: "1", hash: "lab" })],
  "get blocklist ": () => [stanza("list")],
  "get privacy privacy": (_, { phone }) => {
    const value = (name: string) => (name === "readreceipts" ? phone.read_receipts : "all");
    const categories = privacy.map((name) => stanza("category", { name, value: value(name) }));
    return [stanza("privacy", {}, categories)];
  },
  "set privacy tokens": (iq, { phone }, network) => {
    for (const token of children(child(iq, "tokens"), "token")) {
      if (token.attrs["type"] !== "trusted_contact" || !/^\d+$/.test(attribute(token, "t"))) {
        throw new Malformed("token of another kind");
      }
      const holder = network.find(attribute(token, "jid"));
      if (!holder) throw new Malformed("token for nobody");
      phone.tokens_issued.add(holder.number);
    }
    return [];
  },
  "get usync usync": (iq, _, network) => [usync(network, child(iq, "usync"))],
  "set w:m media_conn": (_iq, _companion, { media }) => [media.connection()],
  "get w:mex query": (iq, { phone }) => {
    const query = child(iq, "query");
    attribute(query, "query_id");
    if (!("variables" in JSON.parse(text(query)))) throw new Malformed("query without variables");
    const data = {
      xwa2_fetch_account_reachout_timelock: {
        is_active: phone.restricted,
        time_enforcement_ends: phone.restricted
          ? String(Math.floor(Date.now() / 1000) + 86_400)
          : "0",
        enforcement_type: "DEFAULT",
      },
      xwa2_message_capping_info: { total_quota: -1, used_quota: 0 },
    };
    return [stanza("result", {}, Buffer.from(JSON.stringify({ data })))];
  },
  "get w:profile:picture picture": (iq) => {
    attribute(iq, "target");
    return [];
  },
  "get w:biz business_profile": () => [stanza("business_profile")],
  "set w:sync:app:state sync": (iq) => {
    const collections = children(child(iq, "sync"), "collection").map((one) =>
      stanza("collection", { name: attribute(one, "name"), version: attribute(one, "version") }),
    );
    if (collections.length === 0) throw new Malformed("sync of nothing");
    return [stanza("sync", {}, collections)];
  },
  "set urn:xmpp:whatsapp:dirty clean": () => [],
  "set w:stats add": (iq) => {
    bytes(child(iq, "add"));
    return [];
  },
  "set md remove-companion-device": (iq, companion) => {
    const jid = attribute(child(iq, "remove-companion-device"), "jid");
    if (jid !== companion.jid) throw new Malformed(`removal of ${jid}`);
    companion.phone.unlink(companion);
    return [];
  },
};

/** Answers a client's question. @throws Malformed when WhatsApp knows no such question */
export function answerIq(network: Network, companion: Companion, iq: Stanza): void {
  const { type, xmlns } = iq.attrs;
  // Answers to the server's own questions.
  if (type === "result" || type === "error") return;
  const id = attribute(iq, "id");
  if (attribute(iq, "to").replace(/^@?/, "@") !== SERVER)
    throw new Malformed(`iq to ${iq.attrs["to"]}`);
  const about = { from: SERVER, id };
  const key = `${type} ${xmlns} ${children(iq)[0]?.tag ?? ""}`;
  try {
    const answer = answers[key];
    if (!answer) throw new Malformed(`unknown question: ${key}`);
    const content = answer(iq, companion, network);
    companion.connection?.send(
      stanza("iq", { ...about, type: "result" }, content.length ? content : undefined),
    );
  } catch (error) {
    const reason = stanza("error", { code: "400", text: "bad-request" });
    companion.connection?.send(stanza("iq", { ...about, type: "error" }, [reason]));
    throw error;
  }
  if (key === "set passive active") companion.activate();
  if (key === "set md remove-companion-device") {
    const conflict = stanza("conflict", { type: "device_removed" });
    companion.connection?.end(stanza("stream:error", { code: "401" }, [conflict]));
  }
}
