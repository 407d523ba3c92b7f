import type { AgentVoice } from "./agent-voice.ts";
import type { Deadlines } from "./deadlines.ts";
import type { CallLimits } from "./limits.ts";
import type { Clock, VoiceLog } from "./ports.ts";
import type { ResponseStatus } from "./realtime-model.ts";
import type { ActiveResponse, ResponseRequest } from "./response-sequencer.ts";
import type { DeadlineName, WaitKind } from "./waiting.ts";
import { Fillers } from "./fillers.ts";
import { Waiting } from "./waiting.ts";

const failed_retry_ms = 300;
const most_empty_responses = 2;
/** Who is taken to speak longer than this while an answer is due may be a noise. */
const longest_speech_ms = 12_000;

export interface PatienceEvents {
  live(): boolean;
  /** Words of ours would not be heard. */
  callerSpeaks(): boolean;
  /** Asks once more for a response that brought nothing. */
  again(request: ResponseRequest): void;
  /** Another model session is needed. */
  replace(detail: string): void;
  /** Another session was no better. */
  giveUp(): void;
}

/** What is done while the caller waits: fillers, a second attempt, another session, the end. */
export class Patience {
  readonly waiting: Waiting;
  private empty_responses = 0;
  private readonly fillers: Fillers;
  private readonly deadlines: Deadlines<DeadlineName>;
  private readonly clock: Clock;
  private readonly log: VoiceLog;
  private readonly events: PatienceEvents;

  constructor(deps: {
    clips: readonly Buffer[];
    voice: AgentVoice;
    deadlines: Deadlines<DeadlineName>;
    limits: CallLimits;
    clock: Clock;
    log: VoiceLog;
    events: PatienceEvents;
  }) {
    const { clips, voice, deadlines, limits, clock, log, events } = deps;
    this.fillers = new Fillers(clips, voice, log);
    this.deadlines = deadlines;
    this.clock = clock;
    this.log = log;
    this.events = events;
    this.waiting = new Waiting(deadlines, limits, {
      filler: () => this.fill(),
      recover: (kind) => this.recover(kind),
      giveUp: () => events.giveUp(),
    });
  }

  /** Plays a filler if the line is silent. */
  fill(): boolean {
    const { live, callerSpeaks } = this.events;
    return live() && !callerSpeaks() && this.fillers.play(this.clock.now());
  }

  /** The agent is heard, or about to be. */
  rewarded(): void {
    this.empty_responses = 0;
    this.waiting.end();
  }

  /** A response brought neither sound nor a tool call. */
  disappointed({ request }: ActiveResponse, status: ResponseStatus, detail: string): void {
    this.log.warn({ status, detail }, "[REALTIME-ERROR] a response without sound");
    if (++this.empty_responses > most_empty_responses) {
      this.recover(this.waiting.kind ?? "answer");
      return;
    }
    if (status !== "failed") return this.events.again(request);
    const at = this.clock.now() + failed_retry_ms;
    this.deadlines.set("retry", at, () => this.events.again(request));
  }

  private recover(kind: WaitKind): boolean {
    if (!this.events.live()) return true;
    const waited = this.clock.now() - this.waiting.since;
    if (this.events.callerSpeaks() && waited < longest_speech_ms) return false;
    this.empty_responses = 0;
    this.events.replace(`the caller waits for the ${kind}`);
    return true;
  }
}
