import type { ToolOutcome, ToolRunner, VoiceLog } from "./ports.ts";
import type { ModelToolCall } from "./realtime-model.ts";

export interface ToolDeskEvents {
  /** A tool ended one way or another; `timed_out` and failures have an `error` as output. */
  finished(call: ModelToolCall, outcome: ToolOutcome): void;
}

/** Runs the model's tool calls off the media path, each until its deadline. */
export class ToolDesk {
  private readonly running = new Map<
    string,
    { call: ModelToolCall; abort: AbortController; due: number }
  >();
  private readonly tools: ToolRunner;
  private readonly events: ToolDeskEvents;
  private readonly log: VoiceLog;

  constructor(tools: ToolRunner, events: ToolDeskEvents, log: VoiceLog) {
    this.tools = tools;
    this.events = events;
    this.log = log;
  }

  get busy(): boolean {
    return this.running.size > 0;
  }

  /** @param due when the caller can't be left waiting any longer, clock ms */
  run(call: ModelToolCall, due: number): void {
    const { tool_call_id, name } = call;
    if (this.running.has(tool_call_id)) return;
    const abort = new AbortController();
    this.running.set(tool_call_id, { call, abort, due });
    const request = { name, arguments: call.arguments, tool_call_id };
    Promise.resolve()
      .then(() => this.tools.run(request, abort.signal))
      .catch((error: unknown): ToolOutcome => {
        if (!abort.signal.aborted) {
          this.log.error({ tool: name, error: String(error) }, "[CALL] tool failed");
        }
        return { output: { error: "the tool failed; apologise and offer to leave a message" } };
      })
      .then((outcome) => this.settle(call, outcome))
      .catch((error: unknown) => {
        this.log.error({ tool: name, error: String(error) }, "[CALL] fault after a tool");
      });
  }

  /** Gives up what is over its deadline; the model is told, whatever comes later is ignored. */
  tick(now: number): void {
    if (this.running.size === 0) return;
    for (const { call, abort, due } of this.running.values()) {
      if (due > now) continue;
      this.log.error({ tool: call.name }, "[CALL] tool missed its deadline");
      abort.abort();
      this.settle(call, {
        output: { error: "the tool took too long; apologise and offer to leave a message" },
      });
    }
  }

  /** The call is over. */
  abortAll(): void {
    for (const { abort } of this.running.values()) abort.abort();
    this.running.clear();
  }

  private settle(call: ModelToolCall, outcome: ToolOutcome): void {
    if (!this.running.delete(call.tool_call_id)) return;
    this.events.finished(call, outcome);
  }
}
