import { address, phoneJid } from "./jid.ts";
import { jidOf } from "./conversation.ts";
import type { Network } from "./network.ts";
import {
  attribute,
  child,
  children,
  Malformed,
  maybeChild,
  stanza,
  text,
  type Stanza,
} from "./stanza.ts";

const protocols = new Set(["devices", "lid", "contact", "status", "disappearing_mode", "username"]);

/** Answers who is on WhatsApp, with which devices and which LID. */
export function usync(network: Network, usync: Stanza): Stanza {
  for (const name of ["context", "mode", "sid", "last", "index"]) attribute(usync, name);
  const asked = children(child(usync, "query")).map(({ tag }) => tag);
  if (asked.length === 0) throw new Malformed("usync without a protocol");
  const unknown = asked.find((tag) => !protocols.has(tag));
  if (unknown) throw new Malformed(`usync for ${unknown}`);
  const users = children(child(usync, "list"), "user");
  if (users.length === 0) throw new Malformed("usync for nobody");
  const { sid, context, mode } = usync.attrs;
  const result = stanza(
    "result",
    {},
    asked.map((tag) => stanza(tag)),
  );
  const list = stanza(
    "list",
    {},
    users.map((user) => answer(network, asked, user)),
  );
  return stanza("usync", { sid, context, mode, last: "true", index: "0" }, [result, list]);
}

function answer(network: Network, asked: readonly string[], user: Stanza): Stanza {
  const contact = maybeChild(user, "contact");
  const number = contact?.content === undefined ? null : text(contact);
  if (number !== null && !/^\+[1-9]\d{6,14}$/.test(number))
    throw new Malformed(`usync for ${number}`);
  const jid = number === null ? attribute(user, "jid") : phoneJid(number.slice(1));
  const found = network.find(jid);
  const content: Stanza[] = [];
  for (const tag of asked) {
    if (tag === "contact") {
      const type = found ? "in" : "out";
      content.push(stanza(tag, { type }, number === null ? undefined : Buffer.from(number)));
    } else if (tag === "lid") {
      const by_number = address(jid).server === "s.whatsapp.net";
      const shows = found && by_number && (!("address" in found) || found.address !== "pn_only");
      if (shows) content.push(stanza(tag, { val: jidOf(found, "lid") }));
    } else if (tag === "devices" && found) {
      const devices = [stanza("device", { id: "0" })];
      for (const [id] of "companions" in found ? found.companions : []) {
        devices.push(stanza("device", { id: String(id), "key-index": String(id) }));
      }
      content.push(stanza(tag, {}, [stanza("device-list", {}, devices)]));
    } else content.push(stanza(tag));
  }
  return stanza("user", { jid }, content);
}
