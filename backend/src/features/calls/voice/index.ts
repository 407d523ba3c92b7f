import type { CallLimits } from "./limits.ts";
import type { Admission, Admit, CallBrief, Clock, MediaSocket, VoiceLog } from "./ports.ts";
import type { ModelConnection, RealtimeModel } from "./realtime-model.ts";
import type { Wire } from "./text-frames.ts";
import type { StreamMessage } from "./twilio-messages.ts";
import { CallSession } from "./call-session.ts";
import { systemClock } from "./clock.ts";
import { default_limits } from "./limits.ts";
import { MediaStream } from "./media-stream.ts";
import { createTicker } from "./ticker.ts";

export type * from "./ports.ts";
export type { CallLimits } from "./limits.ts";
export type { OpenAiRealtimeSettings } from "./openai-session.ts";
export type { RealtimeModel } from "./realtime-model.ts";
export { openAiRealtime } from "./openai-realtime.ts";
export { systemClock } from "./clock.ts";

/** A socket that does not say who it is within this is closed. */
const start_ms = 5_000;
const parked_ms = 15_000;
/** Frames kept while an asynchronous admission is decided: 5 s. */
const most_early_frames = 250;

type Start = Extract<StreamMessage, { event: "start" }>;

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
   */
  handleMediaSocket(socket: MediaSocket, wire: Wire): void;
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
  const parked = new Map<string, { connection: ModelConnection; cancel: () => void }>();
  let draining = false;
  let drained: () => void = () => undefined;

  function connectSafely(brief: CallBrief): ModelConnection | null {
    try {
      return deps.model.connect(brief);
    } catch (error) {
      deps.log.error({ error: String(error) }, "[REALTIME-ERROR] could not open a session");
      return null;
    }
  }

  function claim(call_sid: string): ModelConnection | null {
    const entry = parked.get(call_sid);
    if (!entry) return null;
    parked.delete(call_sid);
    entry.cancel();
    if (entry.connection.state !== "closed") return entry.connection;
    return null;
  }

  function begin({ brief, ...ports }: Admission, media: MediaStream): CallSession {
    const { call_sid, business_id } = brief;
    const log = withCall(deps.log, { biz: business_id, call_sid });
    const parked = claim(call_sid);
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

  return {
    warmModel(brief) {
      if (draining || parked.has(brief.call_sid)) return;
      const connection = connectSafely(brief);
      if (connection === null) return;
      const cancel = clock.after(parked_ms, () => {
        parked.delete(brief.call_sid);
        connection.close();
      });
      parked.set(brief.call_sid, { connection, cancel });
    },

    coolModel: (call_sid) => claim(call_sid)?.close(),

    handleMediaSocket(socket, wire) {
      let session: CallSession | null = null;
      let decided = false;
      const early: { payload: Buffer; bytes: Buffer }[] = [];

      const refuse = (reason: string) => {
        decided = true;
        early.length = 0;
        deps.log.warn({ reason }, "[CALL] media stream refused");
        media.close(1008, reason);
        clock.after(1_000, () => media.terminate());
      };
      const cancelStart = clock.after(start_ms, () => {
        if (!decided) refuse("no start message");
      });
      const admit = (admission: Admission | null) => {
        if (decided) return;
        cancelStart();
        if (admission === null || draining) return refuse("not admitted");
        decided = true;
        session = begin(admission, media);
        for (const { payload, bytes } of early.splice(0)) {
          session.frame(payload, bytes, bytes.length);
        }
      };
      const onStart = (start: Start) => {
        const { stream_sid, call_sid, account_sid, parameters } = start;
        const decision = deps.admit({ stream_sid, call_sid, account_sid, parameters }, (reason) =>
          media.close(1008, reason),
        );
        if (!(decision instanceof Promise)) return admit(decision);
        decision.then(admit).catch((error: unknown) => {
          deps.log.error({ error: String(error) }, "[CALL] fault while admitting a stream");
          if (!decided) refuse("not admitted");
        });
      };

      let stopped = false;
      const media = new MediaStream(
        socket,
        wire,
        {
          start: onStart,
          frame(payload, bytes, length) {
            if (session) return session.frame(payload, bytes, length);
            if (decided || early.length >= most_early_frames) return;
            early.push({
              payload: Buffer.from(payload),
              bytes: Buffer.from(bytes.subarray(0, length)),
            });
          },
          mark: (name) => session?.mark(name),
          dtmf: (digit) => session?.dtmf(digit),
          stop() {
            stopped = true;
            decided = true;
            session?.gone("hung_up");
          },
          closed(code) {
            cancelStart();
            decided = true;
            session?.gone(stopped || code !== 1006 ? "hung_up" : "lost");
          },
          overflow: () => session?.fail("backpressure", "the carrier reads too slowly"),
          fault: (error) => (session ? session.crash(error) : refuse("internal error")),
        },
        deps.log,
      );
    },

    activeCalls: () => [...calls.values()],

    async drain(ms) {
      draining = true;
      for (const [call_sid] of parked) claim(call_sid)?.close();
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

/** A timer's fault is logged and ends there. */
function guarded(clock: Clock, log: VoiceLog): Clock {
  return {
    now: () => clock.now(),
    wall: () => clock.wall(),
    after: (ms, run) =>
      clock.after(ms, () => {
        try {
          run();
        } catch (error) {
          log.error({ error: String(error) }, "[CALL] fault in a timer");
        }
      }),
  };
}

function withCall(log: VoiceLog, call: object): VoiceLog {
  return {
    info: (fields, message) => log.info({ ...call, ...fields }, message),
    warn: (fields, message) => log.warn({ ...call, ...fields }, message),
    error: (fields, message) => log.error({ ...call, ...fields }, message),
  };
}
