import type { proto } from "@whiskeysockets/baileys";
import { lidJid, phoneJid } from "./jid.ts";
import type { Known } from "./content.ts";

export type Addressing = "lid" | "pn";

/** A user of WhatsApp, by both addresses. */
export interface User {
  readonly number: string;
  readonly lid: string;
}

export function jidOf({ number, lid }: User, addressing: Addressing, device = 0): string {
  return addressing === "lid" ? lidJid(lid, device) : phoneJid(number, device);
}

/** Every message that passed, so that another one can be about it. */
export class Messages {
  #messages = new Map<string, { author: User; message: proto.IMessage }>();

  remember(id: string, author: User, message: proto.IMessage): void {
    this.#messages.set(id, { author, message });
  }

  get(id: string): proto.IMessage | undefined {
    return this.#messages.get(id)?.message;
  }

  /** What an id means to `me`. @throws for an id nobody ever sent */
  known(id: string, me: User, addressing: Addressing): Known {
    const found = this.#messages.get(id);
    if (!found) throw new Error(`no message ${id}`);
    const { author, message } = found;
    return { mine: author.number === me.number, author: jidOf(author, addressing), message };
  }
}
