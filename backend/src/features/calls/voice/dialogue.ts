import type { AgentVoice } from "./agent-voice.ts";
import type { CallBrief, Clock, ToolOutcome, ToolRunner, VoiceLog } from "./ports.ts";
import type {
  AudioChunk,
  ModelConnection,
  ModelListener,
  ResponseStatus,
} from "./realtime-model.ts";
import type { ActiveResponse, Purpose, ResponseRequest } from "./response-sequencer.ts";
import type { TurnLog } from "./turn-log.ts";
import { heardText } from "./heard-text.ts";
import { sayExactly } from "./phrases.ts";
import { ResponseSequencer } from "./response-sequencer.ts";
import { ToolDialogue } from "./tool-dialogue.ts";
import { durationMs } from "./utterance.ts";

/** The same sentence is not said twice within this, whoever asks for it. */
const repeat_ms = 10_000;

export interface DialogueEvents {
  speechStarted(): void;
  speechStopped(): void;
  /** When the caller began the turn that is being committed. */
  callerBegan(): Date;
  /** The caller's turn is in the conversation. */
  committed(): void;
  /** The caller's words are known as text. */
  callerText(): void;
  agentAudio(response: ActiveResponse | null, audio: Buffer): void;
  toolStarted(): void;
  /** A tool ended the call or hands it on; `said`: the caller was told so already. */
  effect(effect: NonNullable<ToolOutcome["effect"]>, said: boolean): void;
  /** The model has something new to answer to. */
  asked(): void;
  /** A response ended without being cancelled. */
  responseEnded(response: ActiveResponse, status: ResponseStatus, detail: string): void;
  fault(error: unknown): void;
}

interface AgentItem {
  response_id: string;
  content_index: number;
  /** The session it belongs to; another one does not know it. */
  connection: ModelConnection | null;
}

export interface DialogueDeps {
  brief: CallBrief;
  voice: AgentVoice;
  turns: TurnLog;
  tools: ToolRunner;
  clock: Clock;
  log: VoiceLog;
  tool_deadline_ms: number;
  events: DialogueEvents;
}

/** What is said and done between the caller and the model, and the record of it. */
export class Dialogue {
  readonly responses: ResponseSequencer;
  readonly tools: ToolDialogue;
  readonly listener: Omit<ModelListener, "ready" | "closed">;
  private connection: ModelConnection | null = null;
  private readonly items = new Map<string, AgentItem>();
  private readonly deps: DialogueDeps;
  private last_say = { text: "", at: -Infinity };
  private checking: Promise<void> = Promise.resolve();

  constructor(deps: DialogueDeps) {
    this.deps = deps;
    this.responses = new ResponseSequencer(
      (options) => this.connection?.createResponse(options),
      (id) => this.connection?.cancelResponse(id),
    );
    const { events, turns, log } = deps;
    const tool_events = {
      tell: (text: string) => this.tell(text),
      note: (text: string) => turns.note(text),
      say: (text: string, last_words: boolean) => this.say(text, last_words ? "goodbye" : "say"),
      answer: () => this.ask("answer"),
      finished: () => {
        events.asked();
        this.tools.followUp(this.responses.active !== null);
      },
      effect: (effect: NonNullable<ToolOutcome["effect"]>, said: boolean) =>
        events.effect(effect, said),
    };
    this.tools = new ToolDialogue(deps.tools, tool_events, log);
    this.listener = this.makeListener();
  }

  /** A new session takes over: it is told what was said so far. */
  attach(connection: ModelConnection): void {
    this.connection = connection;
    this.tools.use(connection);
    this.responses.reset();
    const { brief, turns } = this.deps;
    if (brief.history) connection.addText({ role: "system", text: brief.history });
    for (const item of turns.replay()) connection.addText(item);
  }

  /** The session is gone. Returns whether an answer was being made. */
  detach(): boolean {
    const busy = this.responses.busy || this.tools.busy;
    this.connection = null;
    this.tools.use(null);
    this.tools.forgetAnswer();
    this.responses.reset();
    return busy;
  }

  /** Asks for a response; with `instructions` for that response alone. */
  ask(purpose: Purpose, instructions?: string): void {
    const request = instructions === undefined ? { purpose } : { purpose, instructions };
    this.responses.request(purpose === "answer" ? request : { ...request, tools: false });
  }

  /** Asks once more for a response that brought nothing. */
  again(request: ResponseRequest): void {
    this.responses.request(request);
  }

  /** What the agent said in this response, as the model tells it. */
  textSpoken(response_id: string): string {
    const own = [...this.items].filter(([, item]) => item.response_id === response_id);
    return own.map(([item_id]) => this.deps.turns.textOf(item_id)).join(" ");
  }

  /** Tells the model something without asking for an answer. */
  tell(text: string): void {
    this.deps.turns.note(text);
    this.connection?.addText({ role: "system", text });
  }

  /** Stops the agent where the caller hears it now. Returns whether anything had been heard. */
  interrupt(now: number): boolean {
    const { voice, turns } = this.deps;
    const cut = voice.cut(now);
    this.responses.cancelAll();
    this.tools.forgetAnswer();
    for (const { utterance, played_ms } of cut) {
      if (utterance.kind === "filler") continue;
      const total_ms = durationMs(utterance);
      if (utterance.complete && played_ms >= total_ms) continue;
      const heard = heardText(turns.textOf(utterance.id), played_ms, total_ms);
      turns.interrupted(utterance.id, heard);
      this.correctModel(utterance.id, Math.min(played_ms, total_ms), heard);
    }
    return cut.some(({ played_ms }) => played_ms > 0);
  }

  private correctModel(item_id: string, played_ms: number, heard: string): void {
    const { connection } = this;
    if (connection === null) return;
    const item = this.items.get(item_id);
    if (item?.connection === connection) {
      connection.truncate(item_id, item.content_index, played_ms);
    } else if (item === undefined) {
      // The greeting was given as text, which cannot be shortened but replaced.
      connection.deleteItem(item_id);
      if (heard !== "") connection.addText({ role: "assistant", text: heard });
    }
  }

  /** Has a sentence said word for word, unless it was just said. */
  private say(text: string, purpose: Purpose): void {
    const now = this.deps.clock.now();
    if (text === this.last_say.text && now - this.last_say.at < repeat_ms) return;
    this.last_say = { text, at: now };
    this.ask(purpose, sayExactly(text));
  }

  private makeListener(): Omit<ModelListener, "ready" | "closed"> {
    const { responses, deps } = this;
    const { events, turns, voice, clock, log } = deps;
    return {
      speechStarted: () => events.speechStarted(),
      speechStopped: () => events.speechStopped(),
      committed: (item_id, previous) => {
        turns.place(item_id, previous);
        turns.begin(item_id, "caller", events.callerBegan());
        events.committed();
      },
      placed: (item_id, previous) => turns.place(item_id, previous),
      callerText: (item_id, text) => this.onCallerText(item_id, text.trim()),
      callerTextFailed: (item_id) => {
        log.warn({ item_id }, "[REALTIME-ERROR] the caller's turn could not be transcribed");
      },
      responseStarted: (id) => responses.started(id),
      agentItem: (item_id, response_id) => {
        if (!responses.isDropped(response_id)) this.beginItem(item_id, response_id, 0);
      },
      audio: (chunk) => this.onAudio(chunk),
      audioDone: (item_id) => voice.finish(item_id, clock.now()),
      agentText: (item_id, text, final) => {
        const whole = final ? text : turns.textOf(item_id) + text;
        turns.text(item_id, whole, final && whole !== "");
      },
      toolCall: (call) => {
        if (responses.isDropped(call.response_id)) {
          this.connection?.addToolOutput(call.tool_call_id, '{"error":"interrupted"}');
          return;
        }
        const due = clock.now() + deps.tool_deadline_ms;
        this.tools.run(call, responses.of(call.response_id), due);
        events.toolStarted();
      },
      responseDone: (id, status, detail) => this.onResponseDone(id, status, detail),
      benign: (code) => this.onBenign(code),
      fault: (_code, detail) => {
        const refused = responses.refused();
        if (refused) events.responseEnded(refused, "failed", detail);
      },
    };
  }

  private onCallerText(item_id: string, text: string): void {
    if (text === "") return;
    const { turns, clock, events } = this.deps;
    turns.begin(item_id, "caller", clock.wall());
    turns.text(item_id, text, true);
    events.callerText();
    this.checking = this.checking
      .then(() => this.checkCallerText(text, turns.beganAt(item_id)))
      .catch((error: unknown) => events.fault(error));
  }

  /** What the caller said has consequences that do not depend on the model. */
  private async checkCallerText(text: string, began_at: Date): Promise<void> {
    const { tools, log, events } = this.deps;
    const outcome = await Promise.resolve()
      .then(() => tools.callerSaid(text, began_at))
      .catch((error: unknown) => {
        log.error({ error: String(error) }, "[CALL] fault while handling what was said");
        return null;
      });
    const { note, say } = outcome ?? {};
    if (note !== undefined) this.tell(note);
    if (this.connection === null) {
      if (say !== undefined) this.tell(sayExactly(say));
      return;
    }
    if (note === undefined && say === undefined) return;
    const { active } = this.responses;
    // The answer that is being thought of does not know of this yet.
    const renew = active !== null && !active.audio && active.tool_calls === 0;
    if (renew) this.responses.cancelAll();
    if (say !== undefined) this.say(say, "say");
    else if (renew) this.ask("answer");
    if (say !== undefined || renew) events.asked();
  }

  private beginItem(item_id: string, response_id: string, content_index: number): void {
    const { connection } = this;
    this.deps.turns.begin(item_id, "agent", this.deps.clock.wall());
    this.items.set(item_id, { response_id, content_index, connection });
  }

  private onAudio({ response_id, item_id, content_index, audio }: AudioChunk): void {
    if (this.responses.isDropped(response_id)) return;
    const response = this.responses.of(response_id);
    if (response) response.audio = true;
    if (this.items.get(item_id)?.content_index !== content_index) {
      this.beginItem(item_id, response_id, content_index);
    }
    this.deps.voice.speak(item_id, "answer", audio, this.deps.clock.now());
    this.deps.events.agentAudio(response, audio);
  }

  private onResponseDone(id: string, status: ResponseStatus, detail: string): void {
    const now = this.deps.clock.now();
    for (const [item_id, item] of this.items) {
      if (item.response_id === id) this.deps.voice.finish(item_id, now);
    }
    const dropped = this.responses.isDropped(id);
    const response = this.responses.done(id);
    if (response && !dropped && status !== "cancelled") {
      this.deps.events.responseEnded(response, status, detail);
    }
    this.tools.followUp(this.responses.active !== null);
  }

  /** A response was there already: ours is not made, the other one is the answer. */
  private onBenign(code: string): void {
    this.deps.log.info({ code }, "[CALL] the model had moved on already");
    if (code !== "conversation_already_has_active_response") return;
    const refused = this.responses.refused();
    if (refused && refused.request.purpose !== "answer") this.responses.request(refused.request);
  }
}
