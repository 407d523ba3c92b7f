import type { CallLimits } from "./limits.ts";
import type { MediaStream } from "./media-stream.ts";
import type {
  Admission,
  CallBrief,
  CallRecorder,
  Clock,
  EndReason,
  FailureKind,
  VoiceLog,
} from "./ports.ts";
import type { ModelConnection, RealtimeModel, ResponseStatus } from "./realtime-model.ts";
import type { ActiveResponse, ResponseRequest } from "./response-sequencer.ts";
import type { Ticker } from "./ticker.ts";
import type { DeadlineName, Waiting } from "./waiting.ts";
import * as phrases from "./phrases.ts";
import { AgentVoice } from "./agent-voice.ts";
import { CallerSide } from "./caller-side.ts";
import { Deadlines } from "./deadlines.ts";
import { Dialogue } from "./dialogue.ts";
import { Greeting } from "./greeting.ts";
import { hangUp } from "./hang-up.ts";
import { IdleWatch } from "./idle-watch.ts";
import { LedgerBook } from "./ledger-book.ts";
import { inLanguage } from "./language.ts";
import { LineWatch } from "./line-watch.ts";
import { ModelLink } from "./model-link.ts";
import { Patience } from "./patience.ts";
import { TurnLog } from "./turn-log.ts";

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

/** The last words are being heard out; then the call is closed for this reason. */
interface Ending {
  reason: EndReason;
  due: number;
  /** The caller may interrupt a goodbye, and the call goes on. */
  revocable: boolean;
}

/**
 * One call. Its states: `live` (listening and answering), `ending` (the last words are being
 * heard out), `closed` (everything is freed). `ending` goes back to `live` only when the caller
 * interrupts a goodbye; nothing leads out of `closed`.
 */
export class CallSession {
  private state: "live" | "ending" | "closed" = "live";
  private ending: Ending | null = null;
  private connection: ModelConnection | null = null;
  private readonly started_at: number;
  private last_media_at: number;
  private spoke = false;
  private readonly deadlines = new Deadlines<DeadlineName>();
  private readonly deps: CallSessionDeps;
  private readonly brief: CallBrief;
  private readonly recorder: CallRecorder;
  private readonly clock: Clock;
  private readonly log: VoiceLog;
  private readonly book: LedgerBook;
  private readonly voice: AgentVoice;
  private readonly greeting: Greeting;
  private readonly caller: CallerSide;
  private readonly patience: Patience;
  private readonly waiting: Waiting;
  private readonly dialogue: Dialogue;
  private readonly link: ModelLink;
  private readonly line: LineWatch;
  private readonly idle: IdleWatch;
  private readonly leaveTicker: () => void;

  constructor(deps: CallSessionDeps) {
    const { clock, limits, log } = deps;
    const { brief, recorder, tools } = deps.admission;
    this.deps = deps;
    this.brief = brief;
    this.recorder = recorder;
    this.clock = clock;
    this.log = log;
    this.started_at = this.last_media_at = clock.now();
    this.idle = new IdleWatch(limits, this.started_at);
    this.book = new LedgerBook((ledger) => recorder.ledger(ledger));
    this.line = new LineWatch(recorder, this.book, this.started_at);
    const turns = new TurnLog((turn) => recorder.turn(turn));
    this.voice = new AgentVoice(deps.media, limits.lead_ms, () => undefined);
    this.greeting = new Greeting(brief, recorder, this.book, clock);
    const { voice, deadlines } = this;
    const shared = { voice, deadlines, limits, clock, log };
    const clips = brief.fillers;
    this.patience = new Patience({ ...shared, clips, events: this.patienceEvents() });
    this.waiting = this.patience.waiting;
    this.caller = new CallerSide({ ...shared, brief, events: this.callerEvents() });
    const { tool_deadline_ms } = limits;
    const dialogue_deps = { brief, voice, turns, tools, clock, log, tool_deadline_ms };
    this.dialogue = new Dialogue({ ...dialogue_deps, events: this.dialogueEvents() });
    const { listener } = this.dialogue;
    const link_deps = { model: deps.model, brief, limits, clock, log, listener };
    this.link = new ModelLink({ ...link_deps, events: this.linkEvents() });
    recorder.started();
    if (this.greeting.begin(voice, turns)) this.onFirstSound();
    else if (this.greeting.owed) this.waiting.begin("greeting", this.started_at);
    const crash = (error: unknown) => this.crash(error);
    this.leaveTicker = deps.ticker.add((now) => this.tick(now), crash);
    this.link.open(deps.parked);
  }

  /** One frame from the caller, of time `at`; the buffers are good only during the call. */
  frame(payload: Buffer, bytes: Buffer, length: number, at: number): void {
    if (this.state === "closed") return;
    this.connection?.sendAudio(payload);
    this.last_media_at = this.clock.now();
    this.caller.frame(bytes, length, at);
  }

  /** A mark came back, of time `at`. */
  mark(name: string, at: number): void {
    if (this.state !== "closed") this.voice.markReturned(name, at);
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
    this.freeModel();
    this.waiting.end();
    const now = this.clock.now();
    this.voice.finishAll(now);
    const at_once = kind === "media_inactive" || kind === "backpressure";
    if (at_once || this.voice.silent) return this.close("fallback");
    this.state = "ending";
    this.ending = { reason: "fallback", due: now + last_words_ms, revocable: false };
  }

  /** A fault of ours: this call alone falls back. */
  crash(error: unknown): void {
    this.log.error({ error: String(error) }, "[CALL] internal fault");
    try {
      this.fail("internal_error", String(error));
    } catch (second) {
      this.log.error({ error: String(second) }, "[CALL] fault while falling back");
      this.close("fallback");
    }
  }

  /** Frees everything now. The carrier's leg is closed when the recorder knows. */
  close(reason: EndReason): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.leaveTicker();
    this.deadlines.clearAll();
    this.freeModel();
    this.book.ledger.end_reason = reason;
    hangUp(this.deps.media, this.recorder, { reason, ledger: this.book.snapshot() }, this.deps);
    this.deps.released();
  }

  private freeModel(): void {
    this.link.close();
    this.connection = null;
    this.dialogue.detach();
    this.dialogue.tools.abortAll();
  }

  /** Ends politely; with `words` the model says goodbye first. */
  private end(reason: EndReason, words: string | null): void {
    if (this.state !== "live") return;
    this.state = "ending";
    const due = this.clock.now() + this.deps.limits.goodbye_ms;
    const revocable = reason === "agent_ended" || reason === "no_input";
    this.ending = { reason, due, revocable };
    this.waiting.end();
    if (words !== null) this.dialogue.ask("goodbye", inLanguage(this.brief.language, words));
  }

  private patienceEvents() {
    return {
      live: () => this.state === "live",
      callerSpeaks: () => this.caller.speaking,
      again: (request: ResponseRequest) => this.dialogue.again(request),
      replace: (detail: string) => this.link.replace(detail),
      giveUp: () => this.fail("model_mute", "no answer from a second session either"),
    };
  }

  private linkEvents() {
    return {
      up: (connection: ModelConnection, first: boolean) => this.onUp(connection, first),
      down: () => this.onDown(),
      retrying: () => void this.patience.fill(),
      failed: (kind: FailureKind, detail: string) => {
        // The last words need no model any more, or have to do without.
        if (!this.ending) this.fail(kind, detail);
      },
    };
  }

  private onUp(connection: ModelConnection, first: boolean): void {
    this.connection = connection;
    this.dialogue.attach(connection);
    const unheard = this.caller.catchUp(connection, first);
    if (this.greeting.owed) {
      this.dialogue.ask("greeting", phrases.sayExactly(this.brief.greeting));
    } else if (!unheard && this.waiting.kind !== null) {
      this.dialogue.tell(phrases.go_on);
      this.dialogue.ask("answer");
    }
    if (!first) this.waiting.recovering(this.clock.now(), unheard);
  }

  private onDown(): void {
    if (this.ending) {
      this.freeModel();
      return this.voice.finishAll(this.clock.now());
    }
    this.connection = null;
    this.caller.sessionLost();
    const now = this.clock.now();
    if (this.dialogue.detach()) this.waiting.begin("stall", now);
    this.voice.finishAll(now);
  }

  private callerEvents() {
    return {
      agentSince: (now: number) => this.interruptibleSince(now),
      interrupted: (onset_at: number, quiet_at: number, now: number) =>
        this.onInterrupted(onset_at, quiet_at, now),
      spoke: (now: number) => this.idle.callerActive(now),
      turnOverlooked: (last_loud_at: number) => {
        if (this.state !== "live" || this.connection === null) return;
        this.log.info({}, "[CALL] the model did not end the caller's turn; ended by us");
        this.waiting.begin("answer", last_loud_at);
        this.connection.commitAudio();
      },
    };
  }

  /** Also an answer that is on its way can be interrupted; a greeting only once it is heard. */
  private interruptibleSince(now: number): number | null {
    if (this.voice.heard_since !== null) return this.voice.heard_since;
    if (this.greeting.owed || this.ending?.revocable === false) return null;
    const pending = this.dialogue.responses.busy || !this.voice.silent;
    return pending ? now - this.brief.vad.grace_ms : null;
  }

  private onInterrupted(onset_at: number, quiet_at: number, now: number): void {
    const heard = this.dialogue.interrupt(now);
    this.greeting.owed = false;
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
    const { caller } = this;
    return {
      speechStarted: () => caller.modelSpeechStarted(),
      speechStopped: () => caller.modelSpeechStopped(),
      callerBegan: () => caller.beganAt(),
      committed: () => {
        const stopped_at = caller.committed();
        if (stopped_at === null || this.state !== "live") return;
        this.waiting.begin("answer", stopped_at);
        this.dialogue.ask("answer");
      },
      callerText: () => caller.settled(),
      agentAudio: (response: ActiveResponse | null, audio: Buffer) =>
        this.onAgentAudio(response, audio),
      toolStarted: () => this.waiting.hold(this.clock.now()),
      effect: (effect: "end_call" | "transfer", said: boolean) => {
        if (effect === "transfer") this.end("transfer", said ? null : phrases.transfer_notice);
        else this.end("agent_ended", said ? null : phrases.goodbye);
      },
      asked: () => {
        const { tools } = this.dialogue;
        if (this.state === "live" && !tools.running_now) this.waiting.again(this.clock.now());
      },
      responseEnded: (response: ActiveResponse, status: ResponseStatus, detail: string) =>
        this.onResponseEnded(response, status, detail),
      fault: (error: unknown) => this.crash(error),
    };
  }

  private onAgentAudio(response: ActiveResponse | null, audio: Buffer): void {
    if (response?.request.purpose === "greeting") this.greeting.spoken(audio);
    this.onFirstSound();
    this.link.healthy();
    const { kind, since } = this.waiting;
    if (kind === "answer") this.book.answer(this.clock.now() - since);
    this.patience.rewarded();
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
      this.greeting.finish(this.dialogue.textSpoken(response.id));
    }
    // Half an answer, and words that are not known yet: another session would have to hear them.
    const answered = purpose === "answer" && response.audio && status === "completed";
    if (answered) this.caller.settled();
    if (response.audio || response.tool_calls > 0 || this.state !== "live") return;
    this.patience.disappointed(response, status, detail);
  }

  private tick(now: number): void {
    this.voice.tick(now);
    this.dialogue.tools.tick(now);
    this.deadlines.check(now);
    if (this.state === "closed") return;
    if (now - this.last_media_at > this.deps.limits.media_inactivity_ms) {
      return this.fail("media_inactive", "no media from the carrier");
    }
    const heard = this.voice.heard_since !== null;
    const waits = this.waiting.kind !== null;
    this.line.tick(now, heard, this.caller.speaking, waits ? this.waiting.since : null);
    if (this.ending) return this.hearOut(this.ending, now);
    if (!waits) this.watchStall(now);
    this.watchIdle(now);
  }

  /** What is being said breaks off: the caller waits for the rest. */
  private watchStall(now: number): void {
    const { active } = this.dialogue.responses;
    if (active?.audio && this.voice.silent) this.waiting.begin("stall", now);
  }

  /** The last words: closes when they were heard. */
  private hearOut({ reason, due }: Ending, now: number): void {
    const { responses, tools } = this.dialogue;
    const over = this.voice.silent && !responses.busy && !tools.busy;
    if (over || now >= due) this.close(reason);
  }

  private watchIdle(now: number): void {
    const { responses, tools } = this.dialogue;
    const occupied =
      this.line.speaking !== null || this.caller.active(now) || this.waiting.kind !== null;
    const busy = occupied || tools.busy || responses.busy || !this.voice.silent;
    if (!busy) this.link.renewIfOld(now);
    const limit = this.brief.max_call_ms ?? this.deps.limits.max_call_ms;
    if (now - this.started_at > limit) return this.end("call_cap", phrases.goodbye_call_cap);
    const due = this.idle.tick(now, busy);
    if (due === "end") this.end("no_input", phrases.goodbye_no_input);
    if (due !== "ask") return;
    this.waiting.begin("prompt", now);
    this.dialogue.ask("prompt", inLanguage(this.brief.language, phrases.ask_if_there));
  }
}
