import {
  mdiAlertCircleOutline,
  mdiCheck,
  mdiCheckAll,
  mdiClockOutline,
  mdiHelpCircleOutline,
} from "@mdi/js";
import type { ThreadMessage } from "../../api/types.ts";

export type Tick = Exclude<ThreadMessage["status"], "received">;

export const TICKS: Record<Tick, string> = {
  queued: mdiClockOutline,
  held: mdiHelpCircleOutline,
  sent: mdiCheck,
  delivered: mdiCheckAll,
  read: mdiCheckAll,
  failed: mdiAlertCircleOutline,
};

/** The tick of a message that went out; null for one that came in. */
export function tickOf(message: Pick<ThreadMessage, "direction" | "status">): Tick | null {
  const { direction, status } = message;
  return direction === "in" || status === "received" ? null : status;
}

/** The tick of a message that a person may have to decide about, else null. */
export function troubleOf(message: ThreadMessage): Tick | null {
  const tick = tickOf(message);
  const waits = tick === "queued" && message.route_reason === "waiting_for_gateway";
  return tick === "failed" || tick === "held" || waits ? tick : null;
}

const KINDS = [
  "audio",
  "contact",
  "document",
  "image",
  "location",
  "sticker",
  "undecryptable",
  "video",
];

/** i18n key that names a message without words of its own, e.g. «Photo». */
export function kindKey(message_type: string): string {
  return KINDS.includes(message_type) ? `message_kind.${message_type}` : "message_kind.other";
}

/** Whether the words are the message itself, and not only what goes with something else. */
export const isPlain = (message_type: string) => ["text", "template"].includes(message_type);

/** Whether a card of its own shows the words. */
export const isCard = (message_type: string) => ["contact", "location"].includes(message_type);

/** Whether it can be quoted in an answer: the customer's app has it. */
export const mayAnswer = (message: ThreadMessage) =>
  message.provider_msg_id !== null && message.deleted_at === null;
