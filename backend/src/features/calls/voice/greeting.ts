import type { AgentVoice } from "./agent-voice.ts";
import type { LedgerBook } from "./ledger-book.ts";
import type { CallBrief, CallRecorder, Clock } from "./ports.ts";
import type { TurnLog } from "./turn-log.ts";
import { sameWords } from "./heard-text.ts";

const greeting_id = "greeting";

/**
 * The first words: a recording when there is one, else spoken by the model, kept as a recording
 * if it really said what it should.
 */
export class Greeting {
  /** The model still has to speak it. */
  owed = false;
  private readonly pieces: Buffer[] = [];
  private readonly brief: CallBrief;
  private readonly recorder: CallRecorder;
  private readonly book: LedgerBook;
  private readonly clock: Clock;
  private readonly started_at: number;

  constructor(brief: CallBrief, recorder: CallRecorder, book: LedgerBook, clock: Clock) {
    this.brief = brief;
    this.recorder = recorder;
    this.book = book;
    this.clock = clock;
    this.started_at = clock.now();
  }

  /** Begins. Returns whether it is on the line now. */
  begin(voice: AgentVoice, turns: TurnLog): boolean {
    const { greeting, greeting_mode, greeting_audio } = this.brief;
    if (greeting === "") return false;
    const played_before = greeting_mode === "play";
    if (!played_before && greeting_audio === null) {
      this.owed = true;
      return false;
    }
    if (greeting_audio !== null && !played_before) {
      voice.clip(greeting_id, "greeting", greeting_audio, this.started_at);
      this.book.greeting(this.clock.now() - this.started_at);
    }
    turns.begin(greeting_id, "agent", this.clock.wall());
    turns.text(greeting_id, greeting, true);
    return !played_before;
  }

  /** A piece of the greeting as the model speaks it. */
  spoken(audio: Buffer): void {
    if (this.pieces.length === 0) this.book.greeting(this.clock.now() - this.started_at);
    this.owed = false;
    this.pieces.push(audio);
  }

  /** @param text what the model says it said */
  finish(text: string): void {
    const audio = Buffer.concat(this.pieces.splice(0));
    if (audio.length === 0 || !sameWords(text, this.brief.greeting)) return;
    this.recorder.greeting_recorded(audio, this.brief.greeting_key);
  }
}
