import type { CallLimits } from "./limits.ts";
import type { Admission, Admit, CallBrief, Clock, MediaSocket, VoiceLog } from "./ports.ts";
import type { MediaStream } from "./media-stream.ts";
import type { RealtimeModel } from "./realtime-model.ts";
import type { Wire } from "./text-frames.ts";
import { CallSession } from "./call-session.ts";
import { guarded, systemClock } from "./clock.ts";
import { default_limits } from "./limits.ts";
import { MediaDoor } from "./media-door.ts";
import { createTicker } from "./ticker.ts";
import { WarmModels } from "./warm-models.ts";

export type * from "./ports.ts";
export type { CallLimits } from "./limits.ts";
export type { OpenAiRealtimeSettings } from "./openai-session.ts";
export type { RealtimeModel } from "./realtime-model.ts";
export { openAiRealtime } from "./openai-realtime.ts";
export { systemClock } from "./clock.ts";

export interface VoiceDeps {
  model: RealtimeModel;
  admit: Admit;
  log: VoiceLog;
  /** Replaces single values of the defaults. */
  limits?: Partial<CallLimits>;
  clock?: Clock;
}

export interface ActiveCall {
  call_sid: string;
  business_id: number;
  started_at: Date;
}

export interface Voice {
  /** Opens the model's session when the webhook arrives; given up when no stream claims it. */
  warmModel(brief: CallBrief): void;
  /** No stream will come: closes the session opened for it, if there is one. */
  coolModel(call_sid: string): void;
  /**
   * Serves one media WebSocket to its end.
   * @param wire the TCP socket under it (of the upgrade request); frames are written to it directly
   * @param admitted told when the socket has become a call
   */
  handleMediaSocket(socket: MediaSocket, wire: Wire, admitted?: () => void): void;
  activeCalls(): ActiveCall[];
  /** Refuses new streams, waits for the calls at most `ms`, then ends those that are left. */
  drain(ms: number): Promise<void>;
}

/** The voice core of one process. */
export function createVoice(deps: VoiceDeps): Voice {
  const clock = guarded(deps.clock ?? systemClock, deps.log);
  const limits: CallLimits = { ...default_limits, ...deps.limits };
  const ticker = createTicker(clock);
  const calls = new Map<CallSession, ActiveCall>();
  const warm = new WarmModels(deps.model, clock, deps.log);
  let draining = false;
  let drained: () => void = () => undefined;

  function begin({ brief, ...ports }: Admission, media: MediaStream): CallSession {
    const { call_sid, business_id } = brief;
    const log = withCall(deps.log, { biz: business_id, call_sid });
    const parked = warm.claim(call_sid);
    try {
      const session: CallSession = new CallSession({
        admission: { brief, ...ports },
        media,
        model: deps.model,
        parked,
        limits,
        clock,
        ticker,
        log,
        released: () => queueMicrotask(() => release(session)),
      });
      calls.set(session, { call_sid, business_id, started_at: clock.wall() });
      return session;
    } catch (error) {
      parked?.close();
      throw error;
    }
  }

  function release(session: CallSession): void {
    calls.delete(session);
    if (calls.size === 0) drained();
  }

  const admit: Admit = (start, close) => (draining ? null : deps.admit(start, close));

  return {
    warmModel(brief) {
      if (!draining) warm.warm(brief);
    },

    coolModel: (call_sid) => warm.cool(call_sid),

    handleMediaSocket(socket, wire, admitted = () => undefined) {
      try {
        new MediaDoor(socket, wire, { admit, begin, admitted, clock, log: deps.log });
      } catch (error) {
        deps.log.error({ error: String(error) }, "[CALL] fault while opening a stream");
        socket.terminate();
      }
    },

    activeCalls: () => [...calls.values()],

    async drain(ms) {
      draining = true;
      warm.coolAll();
      if (calls.size === 0) return;
      await new Promise<void>((resolve) => {
        const cancel = clock.after(ms, () => {
          for (const session of calls.keys()) session.close("shutdown");
          resolve();
        });
        drained = () => {
          cancel();
          resolve();
        };
      });
    },
  };
}

function withCall(log: VoiceLog, call: object): VoiceLog {
  return {
    info: (fields, message) => log.info({ ...call, ...fields }, message),
    warn: (fields, message) => log.warn({ ...call, ...fields }, message),
    error: (fields, message) => log.error({ ...call, ...fields }, message),
  };
}
