import type { AgentVoice } from "./agent-voice.ts";
import type { Deadlines } from "./deadlines.ts";
import type { CallLimits } from "./limits.ts";
import type { CallBrief, Clock, VoiceLog } from "./ports.ts";
import type { ModelConnection } from "./realtime-model.ts";
import type { DeadlineName } from "./waiting.ts";
import { CallerAudio } from "./caller-audio.ts";
import { CallerEars } from "./caller-ears.ts";
import { CallerTurn } from "./caller-turn.ts";

/** A stretch shorter than this is not worth a turn when the model did not notice it. */
const least_turn_ms = 240;
/** What a session that comes late is given of the time before the caller's turn. */
const preroll_ms = 500;
const first_audio_ms = 5_000;
const longest_turn_ms = 60_000;
const model_speech_ms = 10_000;
/** An answer's time counts from the caller's last word if that was not longer ago. */
const stop_memory_ms = 3_000;

export interface CallerSideEvents {
  /** Since when the agent can be interrupted; null while there is nothing to interrupt. */
  agentSince(now: number): number | null;
  interrupted(onset_at: number, quiet_at: number, now: number): void;
  /** The caller began to speak. */
  spoke(now: number): void;
  /** The model did not notice that the caller's turn, which ended then, is over. */
  turnOverlooked(last_loud_at: number): void;
}

/** The caller: what is heard, kept, taken for a turn, and told to the model. */
export class CallerSide {
  private readonly ears: CallerEars;
  private readonly audio = new CallerAudio();
  private readonly turn = new CallerTurn();
  private readonly voice: AgentVoice;
  private readonly deadlines: Deadlines<DeadlineName>;
  private readonly limits: CallLimits;
  private readonly clock: Clock;
  private readonly log: VoiceLog;
  private readonly barge_in: boolean;
  private readonly events: CallerSideEvents;

  constructor(deps: {
    brief: CallBrief;
    voice: AgentVoice;
    deadlines: Deadlines<DeadlineName>;
    limits: CallLimits;
    clock: Clock;
    log: VoiceLog;
    events: CallerSideEvents;
  }) {
    const { brief, voice, clock, log, events } = deps;
    this.voice = voice;
    this.deadlines = deps.deadlines;
    this.limits = deps.limits;
    this.clock = clock;
    this.log = log;
    this.barge_in = brief.barge_in;
    this.events = events;
    const ears_events = {
      agentSince: (now: number) => events.agentSince(now),
      interrupted: (onset_at: number, quiet_at: number, now: number) => {
        this.turn.accept();
        events.interrupted(onset_at, quiet_at, now);
      },
      speechBegan: (began_at: number) => this.onSpeechBegan(began_at),
      speechEnded: (last: number, loud_ms: number) => this.onSpeechEnded(last, loud_ms),
    };
    this.ears = new CallerEars(brief, voice, ears_events, log, clock.now());
  }

  /** By our own ears. */
  get speaking(): boolean {
    return this.ears.speech.speaking;
  }

  /** By our ears or the model's; a model that hears speech without end is not believed. */
  active(now: number): boolean {
    const model_at = this.turn.model_speech_at;
    return this.speaking || (model_at !== null && now - model_at < model_speech_ms);
  }

  frame(bytes: Uint8Array, length: number, now: number): void {
    this.audio.push(bytes, length);
    this.ears.frame(bytes, length, now);
  }

  /**
   * A session that has heard nothing yet gets what the caller said before it was there.
   * @returns whether that holds speech that waits for an answer
   */
  catchUp(connection: ModelConnection, first: boolean): boolean {
    const { position_ms } = this.audio;
    const { unanswered_ms } = this.turn;
    const back = first ? first_audio_ms : preroll_ms;
    const from = Math.min(position_ms - back, unanswered_ms ?? position_ms);
    for (const piece of this.audio.since(from)) connection.sendAudio(piece);
    if (unanswered_ms === null) return false;
    this.turn.replay();
    if (!this.speaking) this.expectCommit(this.clock.now() + preroll_ms);
    return true;
  }

  sessionLost(): void {
    this.turn.sessionLost();
    this.ears.modelSpeechStopped();
  }

  modelSpeechStarted(): void {
    const now = this.clock.now();
    this.turn.modelSpeechStarted(now, this.voice.heard_since !== null && this.barge_in);
    if (this.ears.modelSpeechStarted(now)) this.turn.accept();
  }

  modelSpeechStopped(): void {
    this.ears.modelSpeechStopped();
  }

  /** When the caller began the turn at hand. */
  beganAt(): Date {
    const began = this.turn.model_speech_at ?? this.ears.speech.began_at;
    const ago = Math.min(this.clock.now() - began, longest_turn_ms);
    return new Date(this.clock.wall().getTime() - ago);
  }

  /**
   * The turn is in the conversation.
   * @returns when the caller stopped, or null when it was not the caller who spoke
   */
  committed(): number | null {
    const now = this.clock.now();
    const { last_loud_at } = this.ears.speech;
    const answer = this.turn.committed(now, this.speaking, last_loud_at);
    this.ears.modelSpeechStopped();
    this.deadlines.clear("commit");
    if (!answer) {
      this.log.info({}, "[CALL] nothing new of the caller in this turn; not answered");
      return null;
    }
    return last_loud_at !== null && now - last_loud_at < stop_memory_ms ? last_loud_at : now;
  }

  /** What was said is answered, or known as text: no other session has to hear it. */
  settled(): void {
    this.turn.settled(this.speaking);
  }

  private onSpeechBegan(began_at: number): void {
    const now = this.clock.now();
    this.deadlines.clear("commit");
    this.turn.began(this.audio.position_ms - (now - began_at) - preroll_ms);
    this.events.spoke(now);
  }

  private onSpeechEnded(last_loud_at: number, loud_ms: number): void {
    if (this.turn.committed_at >= last_loud_at || this.voice.heard_since !== null) return;
    if (loud_ms >= least_turn_ms) this.expectCommit(last_loud_at + this.limits.commit_ms);
  }

  private expectCommit(by: number): void {
    this.deadlines.set("commit", by, () => {
      if (this.speaking || this.voice.heard_since !== null) return;
      this.turn.accept();
      this.events.turnOverlooked(this.ears.speech.last_loud_at ?? this.clock.now());
    });
  }
}
