import { compose, type Composed, type Content } from "./content.ts";
import type { Addressing, Messages, User } from "./conversation.ts";
import type { Customer } from "./customer.ts";
import { composeMedia, isMedia, type MediaContent } from "./media/content.ts";
import type { MediaHost } from "./media/host.ts";
import type { Phone } from "./phone.ts";
import type { Stanza } from "./stanza.ts";

/** What somebody writes: words, a file, or something about another message. */
export type AnyContent = Content | MediaContent;

/** Something a client did that WhatsApp would refuse. */
export interface Violation {
  /** The business's number; empty before it is known. */
  number: string;
  reason: string;
  /** Tags and attributes of what was sent, without its contents. */
  stanza: string;
}

/** Makes the message for some content, files uploaded. */
export async function composed(
  { media, messages }: Network,
  content: AnyContent,
  { me, chat, addressing }: { me: User; chat: string; addressing: Addressing },
): Promise<Composed> {
  if (isMedia(content)) return composeMedia(media, content);
  return compose(content, chat, (id) => messages.known(id, me, addressing));
}

/** What the simulated world shares: who is there, and what is noticed. */
export interface Network {
  /** Whoever has this address, by number or LID, whatever the device. */
  find(jid: string): Phone | Customer | null;
  readonly messages: Messages;
  readonly media: MediaHost;
  readonly claimed_keys: number;
  customers(): Iterable<Customer>;
  violation(number: string, reason: string, node?: Stanza): void;
  /** Runs it later, unless the simulator stopped. */
  later(ms: number, run: () => void): void;
  /** An id that no other stanza has. */
  newId(): string;
}

export function seconds(): string {
  return String(Math.floor(Date.now() / 1000));
}
