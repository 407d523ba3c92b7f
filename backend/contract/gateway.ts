import { z } from "zod";
import { Id, Time } from "./common.ts";

/** What a business's session at the WhatsApp gateway can be. */
export const GatewayState = z.enum(["connecting", "open", "close", "logout"]);
export type GatewayState = z.infer<typeof GatewayState>;

/** Why it is so, when there is more to say; `unreachable` is the backend's word for the gateway. */
export const GatewayReason = z.enum([
  "qr",
  "pairing_code",
  "qr_expired",
  "passkey_required",
  "logged_out",
  "replaced",
  "forbidden",
  "outdated",
  "quarantined",
  "deaf",
  "unreachable",
]);
export type GatewayReason = z.infer<typeof GatewayReason>;

/** One session, as the gateway's own HTTP API shows it. */
export const GatewaySession = z.object({
  businessId: Id,
  state: GatewayState,
  reason: GatewayReason.nullable(),
  connected: z.boolean(),
  /** The payload to draw as a QR code; only while a scan is awaited. */
  qr: z.string().nullable(),
  phone: z.string().nullable(),
  /** When the state began. */
  since: Time,
  /** The last frame from WhatsApp, not the last message. */
  lastSeen: Time.nullable(),
  /** Reconnects that failed in a row. */
  attempt: z.number().int(),
  nextRetryAt: Time.nullable(),
  /** For a person who looks into it; never key material. */
  detail: z.string().nullable(),
  /** Of the lease under which the gateway has the session, when there are leases. */
  epoch: z.number().int().optional(),
});
export type GatewaySession = z.infer<typeof GatewaySession>;

export const GatewaySendType = z.enum(["text", "image", "audio", "video", "document"]);

/** Body of the gateway's `POST /send`. */
export const GatewaySend = z
  .strictObject({
    businessId: Id,
    /** E.164, digits, or a JID (`…@s.whatsapp.net`, `…@lid`). */
    to: z.string().min(3).max(100),
    type: GatewaySendType,
    text: z.string().min(1).max(65_536).optional(),
    mediaUrl: z.url({ protocol: /^https?$/ }).optional(),
    fileName: z.string().max(200).optional(),
    idempotencyKey: z.string().min(1).max(200),
    /** Send although this customer never wrote (a setting of the business). */
    allowStranger: z.boolean().optional(),
    /** `provider_msg_id` of the message that this one answers. */
    replyTo: z.string().max(100).optional(),
  })
  .refine(({ type, text, mediaUrl }) => (type === "text" ? text && !mediaUrl : mediaUrl), {
    message: "text needs text alone; the others need mediaUrl",
  });
export type GatewaySend = z.infer<typeof GatewaySend>;

export const MESSAGE_TYPES = [
  "text",
  "image",
  "audio",
  "video",
  "document",
  "sticker",
  "location",
  "contact",
  "reaction",
  "edit",
  "delete",
  "undecryptable",
  "unsupported",
] as const;

/** Bytes stay at the gateway until `GET /media/{businessId}/{id}` asks for them. */
export const GatewayMedia = z.object({
  ref: z.string().max(300),
  mimetype: z.string().max(200),
  size: z.number().int().nonnegative().nullable().default(null),
  file_name: z.string().max(300).nullable().default(null),
  seconds: z.number().nonnegative().nullable().default(null),
  /** A voice note, not an audio file. */
  voice: z.boolean().default(false),
});
export type GatewayMedia = z.infer<typeof GatewayMedia>;

/** What the gateway tells the backend: a message, from the customer or from the owner's phone. */
export const GatewayMessageEvent = z.object({
  event: z.literal("message"),
  business_id: Id.optional(),
  /** The business's own number, for a hand-made request. */
  to: z.string().max(100).optional(),
  id: z.string().min(1).max(200),
  remote_jid: z.string().max(200).optional(),
  /** The customer's number in digits; '' when only the LID is known. */
  from: z.string().max(100).default(""),
  /** `…@lid`, when known. */
  lid: z.string().max(100).nullable().default(null),
  /** Typed on the owner's own phone. */
  from_me: z.boolean().default(false),
  push_name: z.string().max(300).nullable().default(null),
  type: z.enum(MESSAGE_TYPES).default("text"),
  text: z.string().max(100_000).nullable().default(null),
  media: GatewayMedia.nullable().default(null),
  location: z
    .object({ latitude: z.number(), longitude: z.number(), name: z.string().nullable() })
    .nullable()
    .default(null),
  /** The id of the message that this one answers. */
  reply_to: z.string().max(200).nullable().default(null),
  /** For a reaction, an edit or a delete: the id of the message that it is about. */
  target: z.string().max(200).nullable().default(null),
  /** Unix seconds, as WhatsApp gives it. */
  timestamp: z.number().optional(),
});
export type GatewayMessageEvent = z.infer<typeof GatewayMessageEvent>;

export const GatewayReceiptEvent = z.object({
  event: z.literal("receipt"),
  business_id: Id,
  id: z.string().min(1).max(200),
  remote_jid: z.string().max(200).optional(),
  status: z.enum(["sent", "delivered", "read", "failed"]),
  /** A code and words, e.g. `463: …`; only with `failed`. */
  error: z.string().max(1000).nullable().default(null),
  /** Unix seconds. */
  timestamp: z.number(),
});
export type GatewayReceiptEvent = z.infer<typeof GatewayReceiptEvent>;

export const GatewayConnectionEvent = z.object({
  event: z.literal("connection"),
  business_id: Id,
  state: GatewayState,
  reason: GatewayReason.nullable(),
  phone: z.string().nullable().default(null),
  since: Time,
  last_seen: Time.nullable().default(null),
  attempt: z.number().int().default(0),
  next_retry_at: Time.nullable().default(null),
  detail: z.string().max(1000).nullable().default(null),
  /** Of the lease under which it was seen, when there are leases. */
  epoch: z.number().int().optional(),
});
export type GatewayConnectionEvent = z.infer<typeof GatewayConnectionEvent>;

export const GatewayEvent = z.discriminatedUnion("event", [
  GatewayMessageEvent,
  GatewayReceiptEvent,
  GatewayConnectionEvent,
]);
export type GatewayEvent = z.infer<typeof GatewayEvent>;

/** Asked of the backend by a gateway that is one of several, every few seconds. */
export const GatewayLeasesAsked = z.strictObject({
  /** Of this process, from its start to its end. */
  gateway_id: z.string().min(16).max(100),
  /** Where the backend reaches it. */
  url: z.url({ protocol: /^https?$/ }),
  /** Sessions that it has ended in order; anybody may take them. */
  given_back: z.array(z.strictObject({ business_id: Id, epoch: z.number().int() })).default([]),
  /** It ends, and gives everything back. */
  leaving: z.boolean().default(false),
});
export type GatewayLeasesAsked = z.infer<typeof GatewayLeasesAsked>;

/** What a gateway has from the moment it asked, and for how long: whatever is not here is not its own. */
export const GatewayLeases = z.object({
  ttl_ms: z.number(),
  leases: z.array(z.object({ business_id: Id, epoch: z.number().int() })),
  /** More than its share: to be ended in order, and given back. */
  give_back: z.array(Id),
});
export type GatewayLeases = z.infer<typeof GatewayLeases>;
