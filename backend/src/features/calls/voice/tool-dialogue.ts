import type { ToolOutcome, ToolRunner, VoiceLog } from "./ports.ts";
import type { ModelConnection, ModelToolCall } from "./realtime-model.ts";
import type { ActiveResponse } from "./response-sequencer.ts";
import { ToolDesk } from "./tool-desk.ts";

export interface ToolDialogueEvents {
  /** Tells the model something it should know. */
  tell(text: string): void;
  /** Keeps for a later session what this one knows already. */
  note(text: string): void;
  say(text: string, last_words: boolean): void;
  /** All results of a response are there: let the model answer to them. */
  answer(): void;
  /** A result came, whatever follows from it. */
  finished(): void;
  effect(effect: NonNullable<ToolOutcome["effect"]>, said: boolean): void;
}

interface Running {
  connection: ModelConnection | null;
  response: ActiveResponse | null;
}

/** The model's tool calls and what comes of them. */
export class ToolDialogue {
  private readonly desk: ToolDesk;
  private readonly running = new Map<string, Running>();
  private readonly events: ToolDialogueEvents;
  private connection: ModelConnection | null = null;
  private owes_answer = false;

  constructor(tools: ToolRunner, events: ToolDialogueEvents, log: VoiceLog) {
    this.events = events;
    this.desk = new ToolDesk(tools, { finished: (...args) => this.onFinished(...args) }, log);
  }

  /** A tool is running or its result waits to be answered to. */
  get busy(): boolean {
    return this.desk.busy || this.owes_answer;
  }

  get running_now(): boolean {
    return this.desk.busy;
  }

  /** The session that results go to; null while there is none. */
  use(connection: ModelConnection | null): void {
    this.connection = connection;
  }

  run(call: ModelToolCall, response: ActiveResponse | null, due: number): void {
    if (response) response.tool_calls++;
    this.running.set(call.tool_call_id, { connection: this.connection, response });
    this.desk.run(call, due);
  }

  /** Asks for the answer to the results unless something is still going on. */
  followUp(response_active: boolean): void {
    if (!this.owes_answer || this.desk.busy || response_active) return;
    this.owes_answer = false;
    this.events.answer();
  }

  /** The caller goes on: the answer to the next turn will take the results in. */
  forgetAnswer(): void {
    this.owes_answer = false;
  }

  tick(now: number): void {
    this.desk.tick(now);
  }

  abortAll(): void {
    this.desk.abortAll();
  }

  private onFinished(call: ModelToolCall, { output, say, effect }: ToolOutcome): void {
    const running = this.running.get(call.tool_call_id);
    this.running.delete(call.tool_call_id);
    this.giveOutput(call, asJson(output), running?.connection ?? null);
    if (say !== undefined) this.events.say(say, effect !== undefined);
    if (effect) {
      return this.events.effect(effect, say !== undefined || running?.response?.audio === true);
    }
    if (say === undefined) this.owes_answer = true;
    this.events.finished();
  }

  /** A session that did not make the call is told in words. */
  private giveOutput(call: ModelToolCall, output: string, made_by: ModelConnection | null): void {
    const note = `The tool ${call.name} was called with ${call.arguments} and returned ${output}`;
    if (made_by === null || made_by !== this.connection) return this.events.tell(note);
    this.events.note(note);
    made_by.addToolOutput(call.tool_call_id, output);
  }
}

function asJson(output: unknown): string {
  try {
    return JSON.stringify(output) ?? "null";
  } catch {
    return '{"error":"unreadable result"}';
  }
}
