import type { FrameSink } from "./pacer.ts";
import type { Heard } from "./playback.ts";
import type { Utterance } from "./utterance.ts";
import { Pacer } from "./pacer.ts";
import { Playback } from "./playback.ts";
import { utterance } from "./utterance.ts";

/** Everything that goes to the caller's ear: what is queued, sent, heard, held and taken back. */
export class AgentVoice {
  private readonly sink: FrameSink & { clear(): void };
  private readonly playback: Playback;
  private readonly pacer: Pacer;
  private readonly open = new Map<string, Utterance>();

  /** @param heardAll called when an utterance was heard to its end */
  constructor(
    sink: FrameSink & { clear(): void },
    lead_ms: number,
    heardAll: (utterance: Utterance) => void,
  ) {
    this.sink = sink;
    this.playback = new Playback((finished) => {
      this.open.delete(finished.id);
      heardAll(finished);
    });
    this.pacer = new Pacer(sink, this.playback, lead_ms);
  }

  /** Since when the caller has been hearing the agent; null while not. */
  get heard_since(): number | null {
    return this.playback.heard_since;
  }

  /** Nothing is queued, on its way or being played. */
  get silent(): boolean {
    return this.pacer.idle && !this.playback.outstanding;
  }

  /** When the carrier will have played all it was sent. */
  get dry_at(): number {
    return this.pacer.dry_at;
  }

  heardLevel(now: number): number | null {
    return this.playback.heardLevel(now);
  }

  /** A whole recording: the greeting or a filler. The first frames leave before this returns. */
  clip(id: string, kind: Utterance["kind"], audio: Buffer, now: number): void {
    this.speak(id, kind, audio, now);
    this.finish(id, now);
  }

  /** A piece of an utterance. */
  speak(id: string, kind: Utterance["kind"], audio: Buffer, now: number): void {
    let spoken = this.open.get(id);
    if (!spoken) this.open.set(id, (spoken = utterance(id, kind)));
    this.pacer.push(spoken, audio, now);
  }

  /** No more of this utterance comes. */
  finish(id: string, now: number): void {
    const spoken = this.open.get(id);
    if (spoken && !spoken.complete) this.pacer.finish(spoken, now);
  }

  /** No more of any utterance comes. */
  finishAll(now: number): void {
    for (const id of [...this.open.keys()]) this.finish(id, now);
  }

  freeze(): void {
    this.pacer.freeze();
  }

  resume(now: number): void {
    this.pacer.resume(now);
  }

  /** Takes back all that was not heard. Returns what was cut short, and where. */
  cut(now: number): Heard[] {
    const heard = [...this.open.values()].map((spoken) => ({
      utterance: spoken,
      played_ms: this.playback.playedMs(spoken, now),
    }));
    // Also when by the marks nothing is left to play: a mark may be early, and clear is harmless.
    if (heard.some(({ utterance: { sent_bytes } }) => sent_bytes > 0)) this.sink.clear();
    this.pacer.drop(now);
    this.playback.interrupt();
    this.open.clear();
    return heard;
  }

  markReturned(name: string, now: number): void {
    this.playback.returned(name, now);
  }

  tick(now: number): void {
    this.pacer.tick(now);
    this.playback.refresh(now);
  }
}
