import { z } from "zod";
import { CallSummary } from "./call.ts";
import { GivenTime, Id, Time } from "./common.ts";

/** `ai_paused_until` of a thread that stays with people until somebody gives it back. */
export const PAUSED_UNTIL_RESUMED = "2199-12-31T00:00:00.000Z";

export const PendingSlot = z.object({ starts_at: Time, expires_at: Time });

export const Thread = z
  .object({
    id: Id,
    type: z.enum(["whatsapp", "call"]),
    provider: z.enum(["twilio", "baileys"]),
    peer_number: z.string(),
    contact_id: Id.nullable(),
    title: z.string(),
    status: z.enum(["open", "closed"]),
    assigned_to: Id.nullable(),
    ai_paused_until: Time.nullable(),
    unread_count: z.number().int(),
    last_message_at: Time.nullable(),
    last_inbound_at: Time.nullable(),
    pending_slot: PendingSlot.nullable(),
  })
  .meta({ id: "Thread" });
export type Thread = z.infer<typeof Thread>;

export const ThreadPatch = z
  .strictObject({
    status: z.enum(["open", "closed"]),
    assigned_to: Id.nullable(),
    ai_paused_until: GivenTime.nullable(),
  })
  .partial()
  .meta({ id: "ThreadPatch" });

export const MessageStatus = z.enum([
  "received",
  "queued",
  "held",
  "sent",
  "delivered",
  "read",
  "failed",
]);

export const Message = z
  .object({
    id: Id,
    thread_id: Id,
    direction: z.enum(["in", "out"]),
    author: z.enum(["customer", "agent", "user"]),
    message_type: z.string(),
    text: z.string().nullable(),
    media_url: z.string().nullable(),
    provider: z.enum(["twilio", "baileys"]),
    provider_msg_id: z.string().nullable(),
    status: MessageStatus,
    error: z.string().nullable(),
    route_reason: z.string().nullable(),
    reply_to_id: Id.nullable(),
    reactions: z.array(z.object({ emoji: z.string(), from: z.string() })),
    edited_at: Time.nullable(),
    deleted_at: Time.nullable(),
    created_at: Time,
  })
  .meta({ id: "Message" });
export type Message = z.infer<typeof Message>;

/** A thread as the inbox lists it: with its latest message, or its latest call. */
export const ThreadSummary = Thread.extend({
  last_message: Message.pick({
    direction: true,
    author: true,
    message_type: true,
    text: true,
    status: true,
    deleted_at: true,
  }).nullable(),
  last_call: CallSummary.pick({
    call_sid: true,
    direction: true,
    status: true,
    duration_seconds: true,
    appointment_id: true,
  }).nullable(),
  /** Of its latest message with the words that were looked for: those, and what is around them. */
  found: z.string().nullable(),
}).meta({ id: "ThreadSummary" });
export type ThreadSummary = z.infer<typeof ThreadSummary>;

export const Assignee = z.object({ id: Id, name: z.string() }).meta({ id: "Assignee" });
export type Assignee = z.infer<typeof Assignee>;

/** A message as a conversation shows it. */
export const ThreadMessage = Message.extend({
  /** The message that this one answers. */
  quoted: Message.pick({
    id: true,
    author: true,
    message_type: true,
    text: true,
    deleted_at: true,
  }).nullable(),
  media: z
    .object({
      file_name: z.string().nullable(),
      content_type: z.string(),
      /** In bytes; null until it was fetched. */
      size: z.number().int().nullable(),
      seconds: z.number().nullable(),
      voice: z.boolean(),
      /** Why it can't be had. */
      error: z.string().nullable(),
    })
    .nullable(),
  /** Under which it was sent, if it was sent from here. */
  idempotency_key: z.string().nullable(),
}).meta({ id: "ThreadMessage" });
export type ThreadMessage = z.infer<typeof ThreadMessage>;
