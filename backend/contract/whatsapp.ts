import { z } from "zod";
import { Id, Time } from "./common.ts";
import { GatewayReason, GatewayState } from "./gateway.ts";
import { Message } from "./thread.ts";

export const WhatsappProvider = z.enum(["baileys", "twilio"]);

/** What `/api/whatsapp/status` shows. */
export const WhatsappStatus = z
  .object({
    /** The business's setting. */
    provider: z.enum(["auto", "baileys", "twilio"]),
    baileys: z.object({
      /** Whether the appliance has a gateway at all. */
      enabled: z.boolean(),
      state: GatewayState,
      reason: GatewayReason.nullable(),
      connected: z.boolean(),
      phone: z.string().nullable(),
      since: Time.nullable(),
      last_seen: Time.nullable(),
      qr: z.string().nullable(),
      qr_svg: z.string().nullable(),
      attempt: z.number().int(),
      next_retry_at: Time.nullable(),
      /** For a person who looks into it. */
      detail: z.string().nullable(),
    }),
    twilio: z.object({ enabled: z.boolean(), from: z.string().nullable() }),
  })
  .meta({ id: "WhatsappStatus" });
export type WhatsappStatus = z.infer<typeof WhatsappStatus>;

export const PairingCodeAsked = z.strictObject({ phone: z.string().min(3).max(40) });
export const PairingCode = z.object({ code: z.string() }).meta({ id: "PairingCode" });

/** Body of `/api/whatsapp/send`: words, media, both, or a template. */
export const WhatsappSend = z
  .strictObject({
    to: z.string().min(3).max(100),
    text: z.string().trim().min(1).max(4096).optional(),
    media_url: z.string().max(2000).optional(),
    /** A template's name or its ContentSid. */
    template: z.string().max(200).optional(),
    template_variables: z.record(z.string().max(40), z.string().max(1000)).optional(),
    provider: WhatsappProvider.optional(),
    /** The message of the same conversation that this one answers. */
    reply_to_id: Id.optional(),
    idempotency_key: z.string().min(1).max(200),
  })
  .refine(({ text, media_url, template }) => text || media_url || template, {
    message: "text, media_url or template is needed",
  })
  .meta({ id: "WhatsappSend" });
export type WhatsappSend = z.infer<typeof WhatsappSend>;

/** Body of `/api/messages/{id}/retry`. */
export const WhatsappRetry = z.strictObject({ provider: WhatsappProvider.optional() });

export const WhatsappSent = z
  .object({ ok: z.literal(true), message: Message })
  .meta({ id: "WhatsappSent" });

/** A file that was uploaded, ready for `media_url` of a message. */
export const MediaUpload = z
  .object({
    media_url: z.string(),
    /** What the bytes are. */
    content_type: z.string(),
    size: z.number().int(),
    file_name: z.string().nullable(),
  })
  .meta({ id: "MediaUpload" });
export type MediaUpload = z.infer<typeof MediaUpload>;

/** One disconnect, from the bell to the next time the connection stood. */
export const WhatsappIncident = z
  .object({
    id: z.number().int(),
    reason: z.string().nullable(),
    opened_at: Time,
    closed_at: Time.nullable(),
    duration_seconds: z.number().int().nullable(),
  })
  .meta({ id: "WhatsappIncident" });
export type WhatsappIncident = z.infer<typeof WhatsappIncident>;

export const WhatsappTemplate = z
  .object({
    content_sid: z.string(),
    name: z.string(),
    language: z.string(),
    body: z.string(),
    /** Names of the variables, e.g. `1`, with an example each. */
    variables: z.record(z.string(), z.string()),
    /** Only `approved` ones can be sent outside the window. */
    status: z.enum([
      "unsubmitted",
      "received",
      "pending",
      "approved",
      "rejected",
      "paused",
      "disabled",
    ]),
    category: z.string().nullable(),
  })
  .meta({ id: "WhatsappTemplate" });
export type WhatsappTemplate = z.infer<typeof WhatsappTemplate>;

/** An authentic webhook that could not be given to a business. */
export const WebhookAside = z
  .object({
    id: Id,
    source: z.enum(["gateway", "twilio", "twilio_status"]),
    /** `no_business`, `unknown_business`, `invalid`, `no_sender` or `refused`. */
    reason: z.string(),
    /** One sentence for the agency. */
    detail: z.string(),
    /** As it came: the gateway's body, or Twilio's fields as JSON. */
    payload: z.string(),
    created_at: Time,
  })
  .meta({ id: "WebhookAside" });
export type WebhookAside = z.infer<typeof WebhookAside>;
