import type { CallBrief, CallRecorder } from "./ports.ts";
import { sameWords } from "./heard-text.ts";

/** Keeps the greeting as the model spoke it, if it really said what it should. */
export class GreetingRecording {
  private readonly pieces: Buffer[] = [];
  private readonly brief: CallBrief;
  private readonly recorder: CallRecorder;

  constructor(brief: CallBrief, recorder: CallRecorder) {
    this.brief = brief;
    this.recorder = recorder;
  }

  push(audio: Buffer): void {
    this.pieces.push(audio);
  }

  /** @param text what the model says it said */
  finish(text: string): void {
    const audio = Buffer.concat(this.pieces.splice(0));
    if (audio.length === 0 || !sameWords(text, this.brief.greeting)) return;
    this.recorder.greeting_recorded(audio, this.brief.greeting_key);
  }
}
