import type { AgentVoice } from "./agent-voice.ts";
import type { VoiceLog } from "./ports.ts";

/** Recorded words that bridge a wait, one after the other. */
export class Fillers {
  private played = 0;
  private readonly clips: readonly Buffer[];
  private readonly voice: AgentVoice;
  private readonly log: VoiceLog;

  constructor(clips: readonly Buffer[], voice: AgentVoice, log: VoiceLog) {
    this.clips = clips;
    this.voice = voice;
    this.log = log;
  }

  /** False when there is none or something is being said. */
  play(now: number): boolean {
    if (this.clips.length === 0 || !this.voice.silent) return false;
    const at = this.played++;
    this.log.info({}, "[CALL] filler played");
    this.voice.clip(`filler-${at}`, "filler", this.clips[at % this.clips.length]!, now);
    return true;
  }
}
