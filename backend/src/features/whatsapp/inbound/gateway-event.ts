import { createHash } from "node:crypto";
import {
  GatewayConnectionEvent,
  GatewayReceiptEvent,
  Id,
  MESSAGE_TYPES,
} from "@agentlocator/contract";
import { z } from "zod";
import type { InboundMedia, InboundMessage, MessageType, Receipt } from "./inbound-message.ts";
import { readPersons } from "./jid.ts";
import { readMoment } from "./moment.ts";
import { placeText } from "./place.ts";
import { clean } from "./storable.ts";

/** What the gateway, or a hand-made request, tells. */
export type GatewayTold =
  | { event: "message"; business_id: number | null; to: string | null; message: InboundMessage }
  | { event: "receipt"; business_id: number | null; receipt: Receipt }
  | { event: "connection"; business_id: number; connection: GatewayConnectionEvent }
  /** Nothing to keep: it is no message of a single person. */
  | { event: "ignored"; why: string }
  | { event: "invalid"; why: string };

/** A field that is taken when it has the right shape, and else as if it were not there. */
const maybe = <T extends z.ZodType>(schema: T) =>
  schema
    .nullish()
    .catch(null)
    .transform((value) => value ?? null);
const Text = maybe(z.union([z.string(), z.number().transform(String)]));
const ShortText = maybe(z.string().max(1000));

const Media = z.object({
  ref: z.string().min(1).max(300),
  mimetype: z.string().max(200).catch(""),
  file_name: maybe(z.string().max(300)),
  seconds: maybe(z.number().nonnegative().max(1e6)),
  voice: z.boolean().catch(false),
});
const Location = z.object({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  name: ShortText,
});

/**
 * `GatewayMessageEvent` as others write it too: `body` for `text`, `provider_msg_id` for `id`,
 * numbers and times in any form, and fields that nobody knows.
 */
const Given = z.object({
  business_id: maybe(Id),
  to: ShortText,
  id: Text,
  provider_msg_id: Text,
  remote_jid: ShortText,
  from: Text,
  lid: ShortText,
  from_me: z.boolean().catch(false),
  push_name: Text,
  type: z.unknown().optional(),
  text: Text,
  body: Text,
  media: maybe(Media),
  location: maybe(Location),
  reply_to: ShortText,
  target: ShortText,
  timestamp: z.unknown().optional(),
});

/** Reads the body of `/webhook/whatsapp/baileys`. Whatever it is, the answer says what it means. */
export function readGatewayEvent(raw: string, now: number): GatewayTold {
  let payload: unknown;
  try {
    payload = JSON.parse(raw, (_, value) => (typeof value === "string" ? clean(value) : value));
  } catch {
    return { event: "invalid", why: "not JSON" };
  }
  if (typeof payload !== "object" || payload === null || Array.isArray(payload)) {
    return { event: "invalid", why: "not an object" };
  }
  const { event = "message" } = payload as { event?: unknown };
  if (event === "receipt") return readReceipt(payload);
  if (event === "connection") {
    const read = GatewayConnectionEvent.safeParse(payload);
    if (!read.success) return invalid(read.error);
    return { event, business_id: read.data.business_id, connection: read.data };
  }
  if (event !== "message") return { event: "invalid", why: `unknown event ${String(event)}` };
  return readMessage(payload, raw, now);
}

function readReceipt(payload: object): GatewayTold {
  const { id, provider_msg_id } = payload as Record<string, unknown>;
  const Receipt = GatewayReceiptEvent.extend({
    business_id: maybe(Id),
    timestamp: z.unknown().optional(),
  });
  const read = Receipt.safeParse({ ...payload, id: id ?? provider_msg_id });
  if (!read.success) return invalid(read.error);
  const { business_id, status, error } = read.data;
  const receipt = { provider: "baileys" as const, provider_msg_id: read.data.id, status, error };
  return { event: "receipt", business_id, receipt };
}

function readMessage(payload: object, raw: string, now: number): GatewayTold {
  // A business that is named but can't be one must not be taken for none.
  const named = (payload as { business_id?: unknown }).business_id ?? null;
  if (named !== null && !Id.safeParse(named).success) {
    return { event: "invalid", why: "business_id is no id" };
  }
  const given = Given.parse(payload);
  const person = readPersons(given.from || given.remote_jid, given.lid, given.remote_jid);
  if (!person) return { event: "ignored", why: "not from a single person" };
  if (!person.number && !person.lid) return { event: "invalid", why: "no sender" };
  const named_type = typeOf(given.type, given.media?.mimetype ?? null);
  const about_nothing = ABOUT_ANOTHER.has(named_type) && given.target === null;
  const told = given.text ?? given.body;
  const { location } = given;
  const place = location && placeText(location.latitude, location.longitude, location.name);
  return {
    event: "message",
    business_id: given.business_id,
    to: given.to,
    message: {
      provider: "baileys",
      provider_msg_id: (given.id || given.provider_msg_id || idOf(raw)).slice(0, 200),
      from_me: given.from_me,
      to_number: null,
      ...person,
      remote_jid: given.remote_jid,
      name: given.push_name,
      type: about_nothing ? "unsupported" : named_type,
      text: [told, place].filter(Boolean).join("\n") || told,
      media: given.media ? [mediaOf(given.media)] : [],
      reply_to: given.reply_to,
      target: given.target,
      at: readMoment(given.timestamp, now),
    },
  };
}

const ABOUT_ANOTHER: ReadonlySet<MessageType> = new Set(["reaction", "edit", "delete"]);

/** Types that nobody knows yet are kept as `unsupported`. */
function typeOf(given: unknown, mimetype: string | null): MessageType {
  if (given === undefined || given === null) return mimetype === null ? "text" : kindOf(mimetype);
  const known = MESSAGE_TYPES.find((type) => type === String(given).toLowerCase());
  return known ?? "unsupported";
}

/** What a message with media of this type is called. */
export function kindOf(mimetype: string): MessageType {
  const kind = (["image", "audio", "video"] as const).find((k) => mimetype.startsWith(`${k}/`));
  return kind ?? "document";
}

function mediaOf({ ref, mimetype, ...more }: z.output<typeof Media>): InboundMedia {
  return { source: "gateway", source_ref: ref, claimed_type: mimetype, ...more };
}

/** A hand-made message without an id is known by its content: sent again, it is the same one. */
const idOf = (raw: string) =>
  `sha256-${createHash("sha256").update(raw).digest("hex").slice(0, 40)}`;

function invalid(error: z.ZodError): GatewayTold {
  const { path, message } = error.issues[0]!;
  return { event: "invalid", why: `${path.join(".")}: ${message}` };
}
