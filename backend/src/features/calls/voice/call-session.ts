import type { CallLimits } from "./limits.ts";
import type { MediaStream } from "./media-stream.ts";
import type {
  Admission,
  CallBrief,
  CallRecorder,
  Clock,
  EndReason,
  FailureKind,
  ToolRunner,
  VoiceLog,
} from "./ports.ts";
import type { ModelConnection, RealtimeModel, ResponseStatus } from "./realtime-model.ts";
import type { ActiveResponse } from "./response-sequencer.ts";
import type { Ticker } from "./ticker.ts";
import type { DeadlineName, WaitKind } from "./waiting.ts";
import * as phrases from "./phrases.ts";
import { AgentVoice } from "./agent-voice.ts";
import { CallerAudio } from "./caller-audio.ts";
import { CallerEars } from "./caller-ears.ts";
import { CallerTurn } from "./caller-turn.ts";
import { Deadlines } from "./deadlines.ts";
import { Dialogue } from "./dialogue.ts";
import { GreetingRecording } from "./greeting-recording.ts";
import { hangUp } from "./hang-up.ts";
import { IdleWatch } from "./idle-watch.ts";
import { LedgerBook } from "./ledger-book.ts";
import { speakOnly } from "./language.ts";
import { ModelLink } from "./model-link.ts";
import { TurnLog } from "./turn-log.ts";
import { Waiting } from "./waiting.ts";

const greeting_id = "greeting";
/** A stretch shorter than this is not worth a turn when the model did not notice it. */
const least_turn_ms = 240;
/** What a session that comes late is given of the time before the caller's turn. */
const preroll_ms = 500;
const first_audio_ms = 5_000;
const longest_turn_ms = 60_000;
const failed_retry_ms = 300;
const most_empty_responses = 2;
/** A failing call lets what is being said come to its end, but not longer than this. */
const last_words_ms = 8_000;

export interface CallSessionDeps {
  admission: Admission;
  media: MediaStream;
  model: RealtimeModel;
  /** A session opened when the webhook came. */
  parked: ModelConnection | null;
  limits: CallLimits;
  clock: Clock;
  ticker: Ticker;
  log: VoiceLog;
  /** The call holds nothing any more. */
  released(): void;
}

/**
 * One call. Its states: `live` (listening and answering), `ending` (the last words are being
 * heard out), `closed` (everything is freed). `ending` goes back to `live` only when the caller
 * interrupts a goodbye; nothing leads out of `closed`.
 */
export class CallSession {
  state: "live" | "ending" | "closed" = "live";
  last_media_at: number;
  private readonly started_at: number;
  private readonly brief: CallBrief;
  private readonly recorder: CallRecorder;
  private readonly media: MediaStream;
  private readonly limits: CallLimits;
  readonly clock: Clock;
  readonly log: VoiceLog;
  private readonly released: () => void;
  private readonly deadlines = new Deadlines<DeadlineName>();
  private readonly book: LedgerBook;
  private readonly turns: TurnLog;
  private readonly voice: AgentVoice;
  private readonly ears: CallerEars;
  private readonly audio = new CallerAudio();
  private readonly waiting: Waiting;
  private readonly dialogue: Dialogue;
  private readonly link: ModelLink;
  private readonly recording: GreetingRecording;
  private readonly leaveTicker: () => void;
  private readonly tools: ToolRunner;
  private connection: ModelConnection | null = null;
  private ending: { reason: EndReason; due: number; revocable: boolean } | null = null;
  private greeting_owed = false;
  private spoke = false;
  private fillers_played = 0;
  private empty_responses = 0;
  private readonly turn = new CallerTurn();
  private readonly idle: IdleWatch;
  private audible_at: number;
  private speaking: "caller" | "agent" | null = null;
  private said: Promise<void> = Promise.resolve();

  constructor(deps: CallSessionDeps) {
    const { brief, recorder, tools } = deps.admission;
    const { clock, limits, log } = deps;
    const now = clock.now();
    this.started_at = this.last_media_at = this.audible_at = now;
    this.idle = new IdleWatch(limits, now);
    this.brief = brief;
    this.recorder = recorder;
    this.tools = tools;
    this.media = deps.media;
    this.limits = limits;
    this.clock = clock;
    this.log = log;
    this.released = deps.released;
    this.recording = new GreetingRecording(brief, recorder);
    this.book = new LedgerBook((ledger) => recorder.ledger(ledger));
    this.turns = new TurnLog((turn) => recorder.turn(turn));
    this.voice = new AgentVoice(deps.media, limits.lead_ms, () => undefined);
    this.waiting = new Waiting(this.deadlines, limits, {
      filler: () => this.playFiller(),
      recover: (kind) => this.recover(kind),
      giveUp: () => this.fail("model_mute", "no answer from a second session either"),
    });
    this.ears = new CallerEars(brief, this.voice, this.earsEvents(), log, now);
    this.dialogue = new Dialogue({
      brief,
      voice: this.voice,
      turns: this.turns,
      tools,
      clock,
      log,
      tool_deadline_ms: limits.tool_deadline_ms,
      events: this.dialogueEvents(),
    });
    this.link = new ModelLink({
      model: deps.model,
      brief,
      limits,
      clock,
      log,
      listener: this.dialogue.listener,
      events: {
        up: (connection, first) => this.onUp(connection, first),
        down: () => this.onDown(),
        failed: (kind, detail) => this.fail(kind, detail),
      },
    });
    recorder.started();
    this.greet(now);
    this.leaveTicker = deps.ticker.add(
      (at) => this.tick(at),
      (error) => this.crash(error),
    );
    this.link.open(deps.parked);
  }

  /** One frame from the caller. */
  frame(payload: Buffer, bytes: Buffer, length: number): void {
    if (this.state === "closed") return;
    this.connection?.sendAudio(payload);
    const now = this.clock.now();
    this.last_media_at = now;
    this.audio.push(bytes, length);
    this.ears.frame(bytes, length, now);
  }

  mark(name: string): void {
    if (this.state !== "closed") this.voice.markReturned(name, this.clock.now());
  }

  dtmf(digit: string): void {
    if (this.state === "closed") return;
    this.idle.callerActive(this.clock.now());
    this.dialogue.tell(phrases.keyPressed(digit));
  }

  /** The caller hung up, or the carrier's socket is gone. */
  gone(kind: "hung_up" | "lost"): void {
    if (this.state === "closed") return;
    // What was being said was heard as far as now.
    this.dialogue.interrupt(this.clock.now());
    if (kind === "lost") {
      this.book.ledger.fallback_reason = "media_lost";
      this.recorder.failed("media_lost", "the media socket was lost");
    }
    this.close(this.ending?.reason ?? (kind === "lost" ? "fallback" : "caller_hung_up"));
  }

  /** The call cannot go on: let the last words be heard, then hand over to the record fallback. */
  fail(kind: FailureKind, detail: string): void {
    if (this.state === "closed" || this.book.ledger.fallback_reason !== null) return;
    this.log.error({ kind, detail }, "[CALL] falling back to recording");
    this.book.ledger.fallback_reason = kind;
    this.recorder.failed(kind, detail);
    this.waiting.end();
    this.link.close();
    this.connection = null;
    this.dialogue.detach();
    this.dialogue.tools.abortAll();
    this.voice.finishAll(this.clock.now());
    const due = this.clock.now() + last_words_ms;
    const at_once = kind === "media_inactive" || kind === "backpressure";
    if (at_once || this.voice.silent) return this.close("fallback");
    this.state = "ending";
    this.ending = { reason: "fallback", due, revocable: false };
  }

  /** A fault of ours: this call alone falls back. */
  crash(error: unknown): void {
    this.log.error({ error: String(error) }, "[CALL] internal fault");
    try {
      this.fail("internal_error", String(error));
    } catch {
      this.close("fallback");
    }
  }

  /** Ends politely with a goodbye of the model, spoken by `instructions`. */
  end(reason: EndReason, instructions: string | null): void {
    if (this.state !== "live") return;
    this.state = "ending";
    const due = this.clock.now() + this.limits.goodbye_ms;
    this.ending = { reason, due, revocable: reason === "agent_ended" };
    this.waiting.end();
    if (instructions !== null) this.askGoodbye(instructions);
  }

  /** Frees everything now. The carrier's leg is closed when the recorder knows. */
  close(reason: EndReason): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.leaveTicker();
    this.deadlines.clearAll();
    this.link.close();
    this.connection = null;
    this.dialogue.tools.abortAll();
    this.book.ledger.end_reason = reason;
    hangUp(this.media, this.recorder, { reason, ledger: this.book.snapshot() }, this);
    this.released();
  }

  private askGoodbye(instructions: string): void {
    if (this.ending?.reason === "fallback") return;
    this.dialogue.ask("goodbye", this.inLanguage(instructions));
  }

  /** A response's own instructions replace the session's, and with them the language. */
  private inLanguage(instructions: string): string {
    return `${speakOnly(this.brief.language)} ${instructions}`;
  }

  private greet(now: number): void {
    const { greeting, greeting_mode, greeting_audio } = this.brief;
    if (greeting === "") return;
    if (greeting_mode === "realtime" && greeting_audio === null) {
      this.greeting_owed = true;
      this.waiting.begin("greeting", now);
      return;
    }
    this.turns.begin(greeting_id, "agent", this.clock.wall());
    this.turns.text(greeting_id, greeting, true);
    if (greeting_mode === "play" || greeting_audio === null) return;
    this.voice.clip(greeting_id, "greeting", greeting_audio, now);
    this.book.greeting(this.clock.now() - now);
    this.onFirstSound();
  }

  private onUp(connection: ModelConnection, first: boolean): void {
    this.connection = connection;
    this.dialogue.attach(connection);
    const { position_ms } = this.audio;
    const { unanswered_ms } = this.turn;
    const back = first ? first_audio_ms : preroll_ms;
    const from = Math.min(position_ms - back, unanswered_ms ?? position_ms);
    for (const piece of this.audio.since(from)) connection.sendAudio(piece);
    if (this.ending) return this.askGoodbye(phrases.goodbye);
    const now = this.clock.now();
    if (this.greeting_owed) {
      this.dialogue.ask("greeting", phrases.sayExactly(this.brief.greeting));
    } else if (unanswered_ms !== null) {
      if (!this.ears.speech.speaking) this.commitAt(now + preroll_ms);
    } else if (this.waiting.kind !== null) {
      this.dialogue.tell(phrases.go_on);
      this.dialogue.ask("answer");
    }
    if (!first) this.waiting.recovering(now, unanswered_ms === null ? 0 : preroll_ms * 2);
  }

  private onDown(): void {
    this.connection = null;
    this.turn.sessionLost();
    this.ears.modelSpeechStopped();
    const now = this.clock.now();
    if (this.dialogue.detach() && this.state === "live") this.waiting.begin("stall", now);
    this.voice.finishAll(now);
  }

  private earsEvents() {
    return {
      agentSince: (now: number) => this.interruptibleSince(now),
      interrupted: (onset_at: number, quiet_at: number, now: number) =>
        this.onInterrupted(onset_at, quiet_at, now),
      speechBegan: (began_at: number) => {
        const now = this.clock.now();
        this.idle.callerActive(now);
        this.deadlines.clear("commit");
        this.turn.began(this.audio.position_ms - (now - began_at) - preroll_ms);
      },
      speechEnded: (last_loud_at: number, loud_ms: number) => {
        if (this.turn.committed_at >= last_loud_at || this.voice.heard_since !== null) return;
        if (loud_ms >= least_turn_ms) this.commitAt(last_loud_at + this.limits.commit_ms);
      },
    };
  }

  /** Also an answer that is on its way can be interrupted; a greeting only once it is heard. */
  private interruptibleSince(now: number): number | null {
    if (this.voice.heard_since !== null) return this.voice.heard_since;
    if (this.greeting_owed || this.ending?.revocable === false) return null;
    const pending = this.dialogue.responses.busy || !this.voice.silent;
    return pending ? now - this.brief.vad.grace_ms : null;
  }

  private onInterrupted(onset_at: number, quiet_at: number, now: number): void {
    const heard = this.dialogue.interrupt(now);
    this.turn.accept();
    this.greeting_owed = false;
    this.waiting.end();
    if (this.ending?.revocable) {
      this.ending = null;
      this.state = "live";
    }
    if (!heard) return;
    const since = (at: number) => Math.max(0, Math.round(at - onset_at));
    this.book.bargeIn({
      at_ms: Math.round(onset_at - this.started_at),
      quiet_ms: since(quiet_at),
      confirmed_ms: since(now),
    });
  }

  private dialogueEvents() {
    return {
      speechStarted: () => {
        const now = this.clock.now();
        const over_agent = this.voice.heard_since !== null && this.brief.barge_in;
        this.turn.modelSpeechStarted(now, over_agent);
        if (this.ears.modelSpeechStarted(now)) this.turn.accept();
      },
      speechStopped: () => this.ears.modelSpeechStopped(),
      callerBegan: () => {
        const now = this.clock.now();
        const began = this.turn.model_speech_at ?? this.ears.speech.began_at;
        return new Date(this.clock.wall().getTime() - Math.min(now - began, longest_turn_ms));
      },
      committed: () => this.onCommitted(),
      callerText: (item_id: string, text: string) => {
        this.turn.settled(this.ears.speech.speaking);
        this.said = this.said
          .then(() => this.onCallerSaid(item_id, text))
          .catch((error: unknown) => this.crash(error));
      },
      agentAudio: (response: ActiveResponse | null, first: boolean, audio: Buffer) =>
        this.onAgentAudio(response, first, audio),
      toolStarted: () => {
        const now = this.clock.now();
        if (this.waiting.kind === null) this.waiting.begin("prompt", now);
        this.waiting.hold(now);
      },
      effect: (effect: "end_call" | "transfer", said: boolean) => {
        const [reason, words] =
          effect === "transfer"
            ? (["transfer", phrases.transfer_notice] as const)
            : (["agent_ended", phrases.goodbye] as const);
        this.end(reason, said ? null : words);
      },
      asked: () => {
        const now = this.clock.now();
        if (this.waiting.kind === null) this.waiting.begin("prompt", now);
        if (!this.dialogue.tools.busy) this.waiting.again(now);
      },
      responseEnded: (response: ActiveResponse, status: ResponseStatus, detail: string) =>
        this.onResponseEnded(response, status, detail),
    };
  }

  private onCommitted(): void {
    const now = this.clock.now();
    const { speech } = this.ears;
    const answer = this.turn.committed(now, speech.speaking, speech.last_loud_at);
    this.ears.modelSpeechStopped();
    this.deadlines.clear("commit");
    if (this.state !== "live") return;
    if (!answer) {
      this.log.info({}, "[CALL] somebody else spoke while the agent did; not answered");
      return;
    }
    const stop = speech.last_loud_at ?? now;
    this.waiting.begin("answer", now - stop < 3_000 ? stop : now);
    this.dialogue.ask("answer");
  }

  /** The model did not notice that the caller's turn is over: end it ourselves. */
  private commitAt(at: number): void {
    this.deadlines.set("commit", at, () => {
      if (this.state !== "live" || this.connection === null) return;
      if (this.ears.speech.speaking || this.voice.heard_since !== null) return;
      this.log.info({}, "[CALL] the model did not end the caller's turn; ended by us");
      this.turn.accept();
      this.waiting.begin("answer", this.ears.speech.last_loud_at ?? this.clock.now());
      this.connection.commitAudio();
    });
  }

  private async onCallerSaid(item_id: string, text: string): Promise<void> {
    let outcome;
    try {
      outcome = await this.tools.callerSaid(text, this.turns.beganAt(item_id));
    } catch (error) {
      this.log.error({ error: String(error) }, "[CALL] fault while handling what was said");
      return;
    }
    if (!outcome || this.state !== "live") return;
    if (outcome.note !== undefined) this.dialogue.tell(outcome.note);
    const { active } = this.dialogue.responses;
    const untouched = active !== null && !active.audio && active.tool_calls === 0;
    if (outcome.say !== undefined) {
      if (untouched) this.dialogue.responses.cancelAll();
      if (this.waiting.kind === null) this.waiting.begin("prompt", this.clock.now());
      this.dialogue.ask("say", phrases.sayExactly(outcome.say));
    } else if (outcome.note !== undefined && untouched) {
      // The answer that is being thought of does not know the note yet.
      this.dialogue.responses.cancelAll();
      this.dialogue.ask("answer");
    }
  }

  private onAgentAudio(response: ActiveResponse | null, first: boolean, audio: Buffer): void {
    const now = this.clock.now();
    if (response?.request.purpose === "greeting") {
      if (first) this.book.greeting(now - this.started_at);
      this.greeting_owed = false;
      this.recording.push(audio);
    }
    this.onFirstSound();
    this.link.healthy();
    this.empty_responses = 0;
    if (this.waiting.kind === null) return;
    if (this.waiting.kind === "answer") this.book.answer(now - this.waiting.since);
    this.turn.settled(this.ears.speech.speaking);
    this.waiting.end();
  }

  private onFirstSound(): void {
    if (this.spoke) return;
    this.spoke = true;
    const ms = Math.round(this.clock.now() - this.started_at);
    this.log.info({}, `[CALL] first AI response started after ${ms}`);
  }

  private onResponseEnded(response: ActiveResponse, status: ResponseStatus, detail: string): void {
    const { purpose } = response.request;
    if (purpose === "greeting" && response.audio && status === "completed") {
      this.recording.finish(this.dialogue.textSpoken(response.id));
    }
    if (response.audio || response.tool_calls > 0 || this.state !== "live") return;
    this.log.warn({ status, detail }, "[REALTIME-ERROR] a response without sound");
    if (++this.empty_responses > most_empty_responses) {
      this.recover(this.waiting.kind ?? "answer");
      return;
    }
    const again = () => this.dialogue.again(response.request);
    if (status === "failed") this.deadlines.set("retry", this.clock.now() + failed_retry_ms, again);
    else again();
  }

  private recover(kind: WaitKind): void {
    if (this.ears.speech.speaking) return;
    this.link.replace(`the caller waits for the ${kind}`);
  }

  private playFiller(): boolean {
    const { fillers } = this.brief;
    if (this.state !== "live" || fillers.length === 0) return false;
    if (!this.voice.silent || this.ears.speech.speaking) return false;
    const at = this.fillers_played++;
    this.log.info({}, "[CALL] filler played");
    this.voice.clip(`filler-${at}`, "filler", fillers[at % fillers.length]!, this.clock.now());
    return true;
  }

  private tick(now: number): void {
    this.voice.tick(now);
    this.dialogue.tools.tick(now);
    this.deadlines.check(now);
    if (this.state === "closed") return;
    if (now - this.last_media_at > this.limits.media_inactivity_ms) {
      return this.fail("media_inactive", "no media from the carrier");
    }
    this.tellSpeaking();
    this.watchSilence(now);
    if (this.ending) return this.hearOut(this.ending, now);
    this.watchIdle(now);
  }

  /** The last words: closes when they were heard. */
  private hearOut(ending: NonNullable<CallSession["ending"]>, now: number): void {
    const over = this.voice.silent && !this.dialogue.responses.busy && !this.dialogue.tools.busy;
    if (over || now >= ending.due) this.close(ending.reason);
  }

  private tellSpeaking(): void {
    const agent = this.voice.heard_since !== null;
    const who = agent ? "agent" : this.ears.speech.speaking ? "caller" : null;
    if (who === this.speaking) return;
    this.speaking = who;
    this.recorder.speaking(who);
  }

  private watchSilence(now: number): void {
    if (this.speaking !== null) this.audible_at = now;
    const waits = this.waiting.kind !== null || this.dialogue.tools.busy;
    this.book.waiting(waits ? this.audible_at : null, now);
    if (waits || !this.voice.silent) return;
    const { active } = this.dialogue.responses;
    if (active?.audio && this.state === "live") this.waiting.begin("stall", now);
  }

  private watchIdle(now: number): void {
    const { responses, tools } = this.dialogue;
    const busy =
      this.speaking !== null ||
      this.turn.model_speech_at !== null ||
      this.waiting.kind !== null ||
      tools.busy ||
      responses.busy ||
      !this.voice.silent;
    if (!busy) this.link.renewIfOld(now);
    if (now - this.started_at > (this.brief.max_call_ms ?? this.limits.max_call_ms)) {
      return this.end("call_cap", phrases.goodbye_call_cap);
    }
    const due = this.idle.tick(now, busy);
    if (due === "end") this.end("no_input", phrases.goodbye_no_input);
    if (due !== "ask") return;
    this.waiting.begin("prompt", now);
    this.dialogue.ask("prompt", this.inLanguage(phrases.ask_if_there));
  }
}
