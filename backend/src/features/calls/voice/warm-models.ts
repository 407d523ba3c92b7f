import type { CallBrief, Clock, VoiceLog } from "./ports.ts";
import type { ModelConnection, RealtimeModel } from "./realtime-model.ts";

const parked_ms = 15_000;

/** Model sessions opened while the telephone still rings, by call. */
export class WarmModels {
  private readonly parked = new Map<string, { connection: ModelConnection; cancel: () => void }>();
  private readonly model: RealtimeModel;
  private readonly clock: Clock;
  private readonly log: VoiceLog;

  constructor(model: RealtimeModel, clock: Clock, log: VoiceLog) {
    this.model = model;
    this.clock = clock;
    this.log = log;
  }

  /** Opens a session; given up when nobody takes it within 15 s. Never throws. */
  warm(brief: CallBrief): void {
    const { call_sid } = brief;
    if (this.parked.has(call_sid)) return;
    try {
      const connection = this.model.connect(brief);
      const cancel = this.clock.after(parked_ms, () => this.cool(call_sid));
      this.parked.set(call_sid, { connection, cancel });
    } catch (error) {
      this.log.error({ error: String(error) }, "[REALTIME-ERROR] could not open a session");
    }
  }

  /** Takes the session of this call; null when there is none that is alive. */
  claim(call_sid: string): ModelConnection | null {
    const entry = this.parked.get(call_sid);
    if (!entry) return null;
    this.parked.delete(call_sid);
    entry.cancel();
    return entry.connection.state === "closed" ? null : entry.connection;
  }

  cool(call_sid: string): void {
    this.claim(call_sid)?.close();
  }

  coolAll(): void {
    for (const call_sid of [...this.parked.keys()]) this.cool(call_sid);
  }
}
