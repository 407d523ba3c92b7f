/** The events of `/api/events`, as the contract lists them; a test compares the two. */
export const EVENT_NAMES = [
  "message",
  "thread",
  "call",
  "notification",
  "whatsapp_status",
  "appointment",
  "task",
] as const;
