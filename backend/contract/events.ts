/** Names of the live events of `/api/events`. */
export const EVENT_NAMES = [
  "message",
  "thread",
  "call",
  "notification",
  "whatsapp_status",
  "appointment",
  "task",
] as const;
export type EventName = (typeof EVENT_NAMES)[number];

/** What an event carries: only what is needed to fetch the thing through its ordinary route. */
export interface EventRef {
  id?: number;
  call_sid?: string;
  thread_id?: number;
  /** Who is talking on a live call; such an event is not stored and not replayed. */
  speaking?: "caller" | "agent" | null;
}
