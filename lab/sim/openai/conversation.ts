import { randomBytes } from "node:crypto";
import { transcribe } from "../../speech/recognise.ts";
import type { BrainItem } from "./brain.ts";
import type { ClientItem } from "./client-events.ts";

/** One item of the conversation, with the sound behind it when it has any. */
export interface Entry {
  id: string;
  item: ClientItem | AudioItem;
  /** The caller's or the agent's sound, 8 kHz µ-law. */
  audio?: Buffer;
  /** What the agent's sound says. Gone after a truncation. */
  transcript?: string;
}

/** An item made by the service itself, whose content is audio. */
export interface AudioItem {
  type: "message";
  role: "user" | "assistant";
  status: "completed" | "incomplete" | "in_progress";
  content: { type: "input_audio" | "output_audio" | "output_text"; [field: string]: unknown }[];
}

/** Ids look like the service's: a prefix and 21 characters. */
export function newId(prefix: string): string {
  return `${prefix}_${randomBytes(16).toString("base64url").slice(0, 21)}`;
}

/** The item as it goes over the wire. */
export function wireItem(entry: Entry): Record<string, unknown> {
  const status = ("status" in entry.item && entry.item.status) || "completed";
  return { id: entry.id, object: "realtime.item", ...entry.item, status };
}

/** The items in order, and what the brain makes of them. */
export class Conversation {
  readonly entries: Entry[] = [];

  get last_id(): string | null {
    return this.entries.at(-1)?.id ?? null;
  }

  find(id: string): Entry | undefined {
    return this.entries.find((entry) => entry.id === id);
  }

  /** Inserts after `previous_item_id` ("root" = first; absent = last). Returns the id before it. */
  insert(entry: Entry, previous_item_id?: string): string | null {
    const at =
      previous_item_id === undefined
        ? this.entries.length
        : this.entries.findIndex(({ id }) => id === previous_item_id) + 1;
    this.entries.splice(at, 0, entry);
    return this.entries[at - 1]?.id ?? null;
  }

  /** Takes an item out; false when there is none of that id. */
  remove(id: string): boolean {
    const at = this.entries.findIndex((entry) => entry.id === id);
    if (at >= 0) this.entries.splice(at, 1);
    return at >= 0;
  }

  hasCall(call_id: string): boolean {
    return this.entries.some(
      ({ item }) => item.type === "function_call" && item.call_id === call_id,
    );
  }

  /** The conversation as the model understands it: sound is recognised here. */
  understood(): BrainItem[] {
    const names = new Map<string, string>();
    return this.entries.map((entry): BrainItem => {
      const { item } = entry;
      if (item.type === "function_call") {
        const call_id = item.call_id ?? "";
        names.set(call_id, item.name);
        return { type: item.type, name: item.name, arguments: item.arguments, call_id };
      }
      if (item.type === "function_call_output") {
        const name = names.get(item.call_id) ?? "";
        return { type: item.type, call_id: item.call_id, name, output: item.output };
      }
      return { type: "message", role: item.role, text: this.#text(entry) };
    });
  }

  #text(entry: Entry): string {
    if (entry.item.type !== "message") return "";
    if (entry.item.role === "user" && entry.audio) {
      return (entry.transcript ??= transcribe(entry.audio));
    }
    if (entry.transcript !== undefined) return entry.transcript;
    return entry.item.content.map((part) => ("text" in part ? String(part.text) : "")).join(" ");
  }
}
