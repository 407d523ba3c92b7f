import type { Message } from "@agentlocator/contract";

/** A customer may write a book; the model reads its beginning. */
const MAX_CHARACTERS = 4000;

export type Described = Pick<Message, "message_type" | "text"> & { file_name?: string | null };

/** A message as text for the model: its words, and in brackets what else it is. */
export function describe({ message_type, text, file_name }: Described): string {
  const words = (text ?? "").slice(0, MAX_CHARACTERS);
  if (message_type === "text") return words;
  const kind = message_type === "audio" ? "voice message" : message_type;
  const name = file_name ? `: ${file_name.replace(/[[\]\n]/g, " ").slice(0, 100)}` : "";
  // A place or a contact card has no words beside what it is.
  if (message_type === "location" || message_type === "contact") {
    return `[${kind}${words && `: ${words.replace(/[[\]\n]/g, " ")}`}]`;
  }
  const unheard = message_type === "audio" && words === "" ? ", not understood" : "";
  return `[${kind}${name}${unheard}] ${words}`.trim();
}
