import type { AgentVoice } from "./agent-voice.ts";
import type { Clock, CallBrief, ToolOutcome, ToolRunner, VoiceLog } from "./ports.ts";
import type {
  AudioChunk,
  ModelConnection,
  ModelListener,
  ModelToolCall,
  ResponseStatus,
} from "./realtime-model.ts";
import type { ActiveResponse, Purpose, ResponseRequest } from "./response-sequencer.ts";
import type { TurnLog } from "./turn-log.ts";
import { heardText } from "./heard-text.ts";
import { durationMs } from "./utterance.ts";
import { sayExactly } from "./phrases.ts";
import { ResponseSequencer } from "./response-sequencer.ts";
import { ToolDesk } from "./tool-desk.ts";

export interface DialogueEvents {
  speechStarted(): void;
  speechStopped(): void;
  /** When the caller began the turn that is being committed. */
  callerBegan(): Date;
  /** The caller's turn is in the conversation. */
  committed(): void;
  callerText(item_id: string, text: string): void;
  /** Audio of a response arrived; `first` of that response. */
  agentAudio(response: ActiveResponse | null, first: boolean, audio: Buffer): void;
  toolStarted(): void;
  /** A tool ended the call or hands it on; `said`: the caller was told so already. */
  effect(effect: NonNullable<ToolOutcome["effect"]>, said: boolean): void;
  /** The model has something new to answer to. */
  asked(): void;
  /** A response ended without being cancelled. */
  responseEnded(response: ActiveResponse, status: ResponseStatus, detail: string): void;
}

interface AgentItem {
  response_id: string;
  content_index: number;
  /** The session it belongs to; another one does not know it. */
  connection: ModelConnection | null;
}

/** What is said and done between the caller and the model, and the record of it. */
export class Dialogue {
  readonly responses: ResponseSequencer;
  readonly tools: ToolDesk;
  readonly listener: Omit<ModelListener, "ready" | "closed">;
  private connection: ModelConnection | null = null;
  private follow_up = false;
  private readonly items = new Map<string, AgentItem>();
  private readonly tool_sessions = new Map<string, ModelConnection | null>();
  private readonly tool_responses = new Map<string, ActiveResponse>();
  private readonly voice: AgentVoice;
  private readonly turns: TurnLog;
  private readonly brief: CallBrief;
  private readonly clock: Clock;
  private readonly log: VoiceLog;
  private readonly events: DialogueEvents;

  constructor(deps: {
    brief: CallBrief;
    voice: AgentVoice;
    turns: TurnLog;
    tools: ToolRunner;
    clock: Clock;
    log: VoiceLog;
    tool_deadline_ms: number;
    events: DialogueEvents;
  }) {
    this.voice = deps.voice;
    this.turns = deps.turns;
    this.brief = deps.brief;
    this.clock = deps.clock;
    this.log = deps.log;
    this.events = deps.events;
    this.responses = new ResponseSequencer(
      (options) => this.connection?.createResponse(options),
      (id) => this.connection?.cancelResponse(id),
    );
    const finished = (call: ModelToolCall, outcome: ToolOutcome) =>
      this.onToolFinished(call, outcome);
    this.tools = new ToolDesk(deps.tools, { finished }, deps.log);
    this.listener = this.makeListener(deps.tool_deadline_ms);
  }

  /** A new session takes over: it is told what was said so far. */
  attach(connection: ModelConnection): void {
    this.connection = connection;
    this.responses.reset();
    if (this.brief.history) connection.addText({ role: "system", text: this.brief.history });
    for (const item of this.turns.replay()) connection.addText(item);
  }

  /** The session is gone. Returns whether an answer was being made. */
  detach(): boolean {
    const busy = this.responses.busy || this.follow_up;
    this.connection = null;
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
    return own.map(([item_id]) => this.turns.textOf(item_id)).join(" ");
  }

  /** Tells the model something without asking for an answer. */
  tell(text: string): void {
    this.turns.note(text);
    this.connection?.addText({ role: "system", text });
  }

  /** Stops the agent where the caller hears it now. Returns whether anything had been heard. */
  interrupt(now: number): boolean {
    const cut = this.voice.cut(now);
    this.responses.cancelAll();
    this.follow_up = false;
    for (const { utterance, played_ms } of cut) {
      if (utterance.kind === "filler") continue;
      const total_ms = durationMs(utterance);
      const whole = utterance.complete && played_ms >= total_ms;
      if (whole) continue;
      const heard = heardText(this.turns.textOf(utterance.id), played_ms, total_ms);
      this.turns.interrupted(utterance.id, heard);
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

  private makeListener(tool_deadline_ms: number): Omit<ModelListener, "ready" | "closed"> {
    const { events, responses, turns, voice, clock, log } = this;
    return {
      speechStarted: () => events.speechStarted(),
      speechStopped: () => events.speechStopped(),
      committed: (item_id, previous) => {
        turns.place(item_id, previous);
        turns.begin(item_id, "caller", events.callerBegan());
        events.committed();
      },
      placed: (item_id, previous) => turns.place(item_id, previous),
      callerText: (item_id, text) => {
        if (text.trim() === "") return;
        turns.begin(item_id, "caller", clock.wall());
        turns.text(item_id, text.trim(), true);
        events.callerText(item_id, text.trim());
      },
      callerTextFailed: (item_id) => {
        log.warn({ item_id }, "[REALTIME-ERROR] the caller's turn could not be transcribed");
      },
      responseStarted: (id) => responses.started(id),
      agentItem: (item_id, response_id) => {
        if (responses.isDropped(response_id)) return;
        turns.begin(item_id, "agent", clock.wall());
        this.item(item_id, response_id, 0);
      },
      audio: (chunk) => this.onAudio(chunk),
      audioDone: (item_id) => voice.finish(item_id, clock.now()),
      agentText: (item_id, text, final) => {
        const whole = final ? text : turns.textOf(item_id) + text;
        turns.text(item_id, whole, final && whole !== "");
      },
      toolCall: (call) => this.onToolCall(call, clock.now() + tool_deadline_ms),
      responseDone: (id, status, detail) => this.onResponseDone(id, status, detail),
      benign: (code) => this.onBenign(code),
      fault: (_code, detail) => {
        const refused = responses.refused();
        if (refused) events.responseEnded(refused, "failed", detail);
      },
    };
  }

  private item(item_id: string, response_id: string, content_index: number): void {
    const { connection } = this;
    this.items.set(item_id, { response_id, content_index, connection });
  }

  private onAudio({ response_id, item_id, content_index, audio }: AudioChunk): void {
    if (this.responses.isDropped(response_id)) return;
    const response = this.responses.of(response_id);
    const first = response !== null && !response.audio;
    if (response) response.audio = true;
    if (this.items.get(item_id)?.content_index !== content_index) {
      this.turns.begin(item_id, "agent", this.clock.wall());
      this.item(item_id, response_id, content_index);
    }
    this.voice.speak(item_id, "answer", audio, this.clock.now());
    this.events.agentAudio(response, first, audio);
  }

  private onToolCall(call: ModelToolCall, due: number): void {
    if (this.responses.isDropped(call.response_id)) {
      this.connection?.addToolOutput(call.tool_call_id, '{"error":"interrupted by the caller"}');
      return;
    }
    const response = this.responses.of(call.response_id);
    if (response) {
      response.tool_calls++;
      this.tool_responses.set(call.tool_call_id, response);
    }
    this.tool_sessions.set(call.tool_call_id, this.connection);
    this.tools.run(call, due);
    this.events.toolStarted();
  }

  private onToolFinished(call: ModelToolCall, { output, say, effect }: ToolOutcome): void {
    this.giveOutput(call, asJson(output));
    const response = this.tool_responses.get(call.tool_call_id);
    this.tool_responses.delete(call.tool_call_id);
    if (say !== undefined) this.ask(effect ? "goodbye" : "say", sayExactly(say));
    if (effect) return this.events.effect(effect, say !== undefined || response?.audio === true);
    if (say === undefined) this.follow_up = true;
    this.events.asked();
    this.followUp();
  }

  private giveOutput(call: ModelToolCall, output: string): void {
    const note = `The tool ${call.name} was called with ${call.arguments} and returned ${output}`;
    const session = this.tool_sessions.get(call.tool_call_id);
    this.tool_sessions.delete(call.tool_call_id);
    if (session !== this.connection) return this.tell(note);
    this.turns.note(note);
    this.connection?.addToolOutput(call.tool_call_id, output);
  }

  /** Asks for the answer to tool results once all of them are there. */
  private followUp(): void {
    if (!this.follow_up || this.tools.busy || this.responses.active !== null) return;
    this.follow_up = false;
    this.ask("answer");
  }

  private onResponseDone(id: string, status: ResponseStatus, detail: string): void {
    const now = this.clock.now();
    for (const [item_id, item] of this.items) {
      if (item.response_id === id) this.voice.finish(item_id, now);
    }
    const dropped = this.responses.isDropped(id);
    const response = this.responses.done(id);
    if (response && !dropped && status !== "cancelled") {
      this.events.responseEnded(response, status, detail);
    }
    this.followUp();
  }

  /** A response was there already: ours is not made, the other one is the answer. */
  private onBenign(code: string): void {
    this.log.info({ code }, "[CALL] the model had moved on already");
    if (code !== "conversation_already_has_active_response") return;
    const refused = this.responses.refused();
    if (refused && refused.request.purpose !== "answer") this.responses.request(refused.request);
  }
}

function asJson(output: unknown): string {
  try {
    return JSON.stringify(output) ?? "null";
  } catch {
    return '{"error":"unreadable result"}';
  }
}
