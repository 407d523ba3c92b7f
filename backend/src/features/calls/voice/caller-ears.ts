import type { AgentVoice } from "./agent-voice.ts";
import type { CallBrief, VoiceLog } from "./ports.ts";
import { BargeIn } from "./barge-in.ts";
import { CallerSpeech } from "./caller-speech.ts";
import { toRms } from "./mulaw.ts";
import { VoiceActivity } from "./voice-activity.ts";

/** A floor that moved by this much is worth a log line, at most this often. */
const notable_db = 6;
const log_every_ms = 10_000;

export interface EarsEvents {
  /** Since when the agent can be interrupted; null while there is nothing to interrupt. */
  agentSince(now: number): number | null;
  /** The caller took the turn; the first loud frame was at `onset_at`, the line quiet by then. */
  interrupted(onset_at: number, quiet_at: number, now: number): void;
  speechBegan(began_at: number): void;
  speechEnded(last_loud_at: number, loud_ms: number): void;
}

/** The caller's side of the line: what is speech, and what of it stops the agent. */
export class CallerEars {
  readonly speech = new CallerSpeech();
  private readonly vad: VoiceActivity;
  private readonly barge_in: BargeIn;
  private readonly voice: AgentVoice;
  private readonly events: EarsEvents;
  private readonly log: VoiceLog;
  private readonly started_at: number;
  private model_speaking = false;
  private quiet_at = 0;
  private logged_floor: number | null = null;
  private logged_at = 0;
  private heard_anything = false;
  private doubtful: number[] = [];

  constructor(
    brief: CallBrief,
    voice: AgentVoice,
    events: EarsEvents,
    log: VoiceLog,
    started_at: number,
  ) {
    this.vad = new VoiceActivity(brief.vad.threshold_db);
    this.barge_in = new BargeIn({
      enabled: brief.barge_in,
      grace_ms: brief.vad.grace_ms,
      confirm_ms: brief.vad.confirm_ms,
    });
    this.voice = voice;
    this.events = events;
    this.log = log;
    this.started_at = started_at;
  }

  /** One frame from the caller. */
  frame(bytes: Uint8Array, length: number, now: number): void {
    const { vad } = this;
    const outbound = this.voice.heardLevel(now);
    vad.frame(bytes, length, outbound);
    this.logFloor(now);
    const change = this.speech.frame(vad, now);
    if (change === "began") this.onBegan();
    else if (change === "ended") {
      this.events.speechEnded(this.speech.last_loud_at!, this.speech.loud_ms);
    }
    if (outbound === null && (this.speech.speaking || this.model_speaking)) vad.learnCaller();
    this.interruption(now);
  }

  /** The model heard speech begin. Returns whether that interrupted the agent. */
  modelSpeechStarted(now: number): boolean {
    this.model_speaking = true;
    const since = this.events.agentSince(now);
    const was_soft = this.barge_in.soft;
    const action = this.barge_in.modelSpeechStarted(this.vad.evidence(), since, now);
    if (action !== "interrupt") return false;
    if (!was_soft) this.quiet_at = Math.min(this.voice.dry_at, now);
    this.interrupt(now);
    return true;
  }

  modelSpeechStopped(): void {
    this.model_speaking = false;
  }

  /** The agent stopped for a reason of its own. */
  reset(): void {
    this.barge_in.reset();
  }

  private interruption(now: number): void {
    const soft_before = this.barge_in.soft;
    const since = soft_before || this.vad.loud ? this.events.agentSince(now) : null;
    const action = this.barge_in.frame(this.vad, since, now);
    if (this.barge_in.soft) this.doubtful.push(this.vad.level_db);
    if (action === "freeze") {
      this.voice.freeze();
      this.quiet_at = Math.max(now, this.voice.dry_at);
    } else if (action === "resume") {
      this.voice.resume(now);
      for (const db of this.doubtful) this.vad.learnNoise(db);
      this.doubtful = [];
    } else if (action === "interrupt") {
      this.interrupt(now);
    }
  }

  private interrupt(now: number): void {
    this.doubtful = [];
    const rms = toRms(this.vad.level_db);
    const t = Math.round(this.barge_in.onset_at - this.started_at);
    this.log.info({}, `[BARGE-IN] user speech detected rms=${rms} t=${t} cancelling response`);
    this.events.interrupted(this.barge_in.onset_at, Math.min(this.quiet_at, now), now);
  }

  private onBegan(): void {
    const { began_at } = this.speech;
    if (!this.heard_anything) {
      this.heard_anything = true;
      const rms = toRms(this.vad.level_db);
      const t = Math.round(began_at - this.started_at);
      this.log.info({}, `[CALL] first user audio detected rms=${rms} t=${t}`);
    }
    this.events.speechBegan(began_at);
  }

  private logFloor(now: number): void {
    const floor = this.vad.noise_floor_db;
    if (!this.vad.calibrated) return;
    if (this.logged_floor !== null) {
      if (Math.abs(floor - this.logged_floor) < notable_db) return;
      if (now - this.logged_at < log_every_ms) return;
    }
    this.logged_floor = floor;
    this.logged_at = now;
    const threshold = this.vad.speech_threshold_db;
    this.log.info(
      {},
      `[VAD] noise_floor=${floor.toFixed(1)} speech_threshold=${threshold.toFixed(1)}`,
    );
  }
}
