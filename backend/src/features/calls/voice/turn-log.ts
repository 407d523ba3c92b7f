import type { Turn } from "./ports.ts";
import type { TextItem } from "./realtime-model.ts";

interface Entry {
  item_id: string;
  /** Null for what holds a place in the order without being told to anyone yet. */
  role: Turn["role"] | "note" | null;
  text: string;
  heard_text: string | null;
  interrupted: boolean;
  started_at: string;
  /** Told to the recorder before. */
  told: boolean;
}

/**
 * What was said in the call, in the model's order of items rather than the order in which the
 * news arrives: the caller's transcript often comes after the answer to it has begun.
 */
export class TurnLog {
  private readonly entries: Entry[] = [];
  private readonly tell: (turn: Turn) => void;

  constructor(tell: (turn: Turn) => void) {
    this.tell = tell;
  }

  /** Where an item belongs. Ids not seen before go last, or right behind `previous`. */
  place(item_id: string, previous: string | null): void {
    if (this.find(item_id)) return;
    const entry: Entry = {
      item_id,
      role: null,
      text: "",
      heard_text: null,
      interrupted: false,
      started_at: "",
      told: false,
    };
    const before = previous === null ? -1 : this.entries.findIndex((e) => e.item_id === previous);
    if (before < 0) this.entries.push(entry);
    else this.entries.splice(before + 1, 0, entry);
  }

  /** Makes an item a turn; its text may follow. */
  begin(item_id: string, role: Turn["role"], started_at: Date): void {
    this.place(item_id, null);
    const entry = this.find(item_id)!;
    if (entry.role !== null) return;
    entry.role = role;
    entry.started_at = started_at.toISOString();
    this.retellFrom(entry);
  }

  /** The text so far; told now when `tell`. */
  text(item_id: string, text: string, tell: boolean): void {
    const entry = this.find(item_id);
    if (!entry) return;
    entry.text = text;
    if (tell) this.tellEntry(entry);
  }

  /** When what an item holds began to be said; now, when that is not known. */
  beganAt(item_id: string): Date {
    const started_at = this.find(item_id)?.started_at;
    return started_at ? new Date(started_at) : new Date();
  }

  textOf(item_id: string): string {
    return this.find(item_id)?.text ?? "";
  }

  /** The agent was cut short after `heard_text`. */
  interrupted(item_id: string, heard_text: string): void {
    const entry = this.find(item_id);
    if (!entry) return;
    entry.interrupted = true;
    entry.heard_text = heard_text;
    this.tellEntry(entry);
  }

  /** Something the model was told that is no turn: a tool's result, a note. */
  note(text: string): void {
    const item_id = `note-${this.entries.length}`;
    this.place(item_id, null);
    Object.assign(this.find(item_id)!, { role: "note", text });
  }

  /** The conversation so far as text, for a model session that was not there. */
  replay(): TextItem[] {
    const items: TextItem[] = [];
    for (const { item_id, role, text, heard_text } of this.entries) {
      const said = heard_text ?? text;
      if (role === null || said === "") continue;
      if (role === "note") items.push({ role: "system", text: said });
      else if (role === "caller") items.push({ role: "user", text: said });
      else items.push({ ...replayId(item_id), role: "assistant", text: said });
    }
    return items;
  }

  private find(item_id: string): Entry | undefined {
    return this.entries.findLast((entry) => entry.item_id === item_id);
  }

  private tellEntry(entry: Entry): void {
    entry.told = true;
    const { role, text, heard_text, interrupted, started_at } = entry;
    if (role === null || role === "note") return;
    this.tell({ seq: this.seq(entry), role, text, heard_text, interrupted, started_at });
  }

  private seq(entry: Entry): number {
    const upTo = this.entries.slice(0, this.entries.indexOf(entry) + 1);
    return upTo.filter(({ role }) => role === "caller" || role === "agent").length;
  }

  /** A turn that took its place before others moved them by one. */
  private retellFrom(entry: Entry): void {
    for (const later of this.entries.slice(this.entries.indexOf(entry) + 1)) {
      if (later.told) this.tellEntry(later);
    }
  }
}

/** Only the greeting keeps its id: it may have to be replaced by what was heard of it. */
function replayId(item_id: string): { id: string } | Record<string, never> {
  return item_id.startsWith("greeting") ? { id: item_id } : {};
}
