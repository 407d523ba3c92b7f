import type WebSocket from "ws";
import type { Bus } from "../../platform/bus/index.ts";
import type { Database } from "../../db/database.ts";
import type { SocketRoute } from "../../http/server.ts";
import { systemClock } from "../../platform/clock.ts";
import { within } from "../../platform/deadline.ts";
import { keepTrying } from "../../platform/keep-trying.ts";
import type { Logger } from "../../platform/log.ts";
import type { Signer } from "../../platform/signer.ts";
import { createCallTools } from "../agent/index.ts";
import { announcePassing } from "../events/index.ts";
import { callBrief } from "./brief.ts";
import type { CallPlans } from "./call-plan.ts";
import type { CallMetrics } from "./metrics.ts";
import { createRecordBatch } from "./record-batch.ts";
import { createRecorder } from "./recorder.ts";
import { takeToken } from "./store.ts";
import { createVoice } from "./voice/index.ts";
import type { Admission, EndReason, RealtimeModel, StreamStart } from "./voice/index.ts";
import { openedCall, WaitingRoom } from "./waiting-room.ts";
import type { WaitingCall } from "./waiting-room.ts";

/** Sockets that may be open without having said which call they are. */
const MAX_STRANGERS = 500;
/** How long the last records of calls may take to be written. */
const WRITE_MS = 3000;
/** How soon after its stream Twilio asks what a call does next. */
const LAST_WEBHOOKS_MS = 1500;
const REMEMBER_ENDINGS = 1000;

interface Deps {
  db: Database;
  bus: Bus;
  log: Logger;
  signer: Signer;
  plans: CallPlans;
  metrics: CallMetrics;
  model: RealtimeModel | null;
  fillers: () => readonly Buffer[];
}

interface Token {
  call_sid: string;
  business_id: number;
}

/**
 * Carries the calls of this process: lets a media stream in by its single-use token, binds the
 * voice core to the database, and remembers how each call ended for the webhook that follows.
 */
export function createHost(deps: Deps) {
  const { db, log } = deps;
  const waiting = new WaitingRoom();
  const endings = new Map<string, EndReason>();
  const recorders = new Set<{ settled(): Promise<void> }>();
  const batch = createRecordBatch({ db, log });
  let lease = 0;
  const strangers = new Set<WebSocket>();

  const voice = deps.model && createVoice({ model: deps.model, admit, log });

  function remember(call_sid: string, reason: EndReason): void {
    endings.set(call_sid, reason);
    if (endings.size > REMEMBER_ENDINGS) endings.delete(endings.keys().next().value!);
  }

  function admission(call: WaitingCall): Admission {
    const { call_sid, plan, opened, started_at } = call;
    const business_id = plan.business.id;
    const tools = createCallTools(
      { db, log, clock: systemClock },
      { business_id, call_sid, thread_id: opened.then((open) => open.thread_id) },
    );
    const recorder = createRecorder({
      ...{ db, log, batch, metrics: deps.metrics, call_sid, business_id, started_at, opened },
      announceSpeaking: (speaking) =>
        announcePassing(deps.bus, business_id, { call_sid, speaking }),
      onEnded: (reason) => remember(call_sid, reason),
      onSettled: () => recorders.delete(recorder),
    });
    recorders.add(recorder);
    return { brief: callBrief(call, deps.fillers()), recorder, tools };
  }

  /** Checks the token; synchronous when the webhook was answered here, so the greeting is at once. */
  function admit(start: StreamStart, close: (reason: string) => void) {
    const token = deps.signer.verify("stream", start.parameters.token ?? "") as Token | null;
    const { call_sid } = start;
    if (!token || token.call_sid !== call_sid || !waiting.takeToken(call_sid)) return null;
    const here = waiting.take(call_sid);
    if (here) {
      void takeInDatabase(here, start, close);
      return admission(here);
    }
    return admitFromElsewhere(token, start);
  }

  /** The token was good here; a stream that another process let in with it is noticed just after. */
  async function takeInDatabase(
    call: WaitingCall,
    start: StreamStart,
    close: (reason: string) => void,
  ): Promise<void> {
    const { call_sid, plan } = call;
    await call.opened;
    const taken = await keepTrying(log, "taking a stream's token", () =>
      db.inBusiness(plan.business.id, (tx) => takeToken(tx, call_sid, start.stream_sid, lease)),
    );
    if (!taken) close("token used");
  }

  async function admitFromElsewhere(token: Token, start: StreamStart): Promise<Admission | null> {
    const { call_sid, business_id } = token;
    const plan = await deps.plans.byBusiness(business_id);
    const opened = await db.inBusiness(business_id, async (tx) => {
      const taken = await takeToken(tx, call_sid, start.stream_sid, lease);
      return taken ? openedCall(tx, plan, call_sid) : null;
    });
    if (!opened) return null;
    return admission({
      call_sid,
      plan,
      opened: Promise.resolve(opened),
      history: opened.history,
      started_at: Date.now(),
    });
  }

  const socket: SocketRoute = {
    path: "/ws/twilio-media",
    admits: () => voice !== null,
    handle(ws, ctx) {
      // Twilio says at once which call it is, so the one who has not for longest is none of its.
      const [oldest] = strangers.size >= MAX_STRANGERS ? strangers : [];
      oldest?.terminate();
      strangers.add(ws);
      const known = () => strangers.delete(ws);
      ws.once("close", known);
      voice!.handleMediaSocket(ws, ctx.req.socket, known);
    },
  };

  return {
    socket,
    expect(call: WaitingCall): void {
      waiting.enter(call);
      voice?.warmModel(callBrief(call, deps.fillers()));
    },
    /** The caller hung up: what waits for the stream is given up. */
    forget(call_sid: string): void {
      waiting.take(call_sid);
      voice?.coolModel(call_sid);
    },
    activeCalls: (business_id: number): number =>
      voice?.activeCalls().filter((call) => call.business_id === business_id).length ?? 0,
    activeTotal: (): number => voice?.activeCalls().length ?? 0,
    endingOf: (call_sid: string) => endings.get(call_sid),
    /** @param held the advisory lock that proves this process alive to the watchdog */
    start(held: number): void {
      lease = held;
    },
    /** Lets calls go on for at most `ms`, and sees that what they left is written. */
    async drain(ms: number): Promise<void> {
      const carried = voice?.activeCalls().length ?? 0;
      await voice?.drain(ms);
      const written = Promise.all([...recorders].map((recorder) => recorder.settled()));
      await within(WRITE_MS, written).catch((error: unknown) => {
        log.error({ err: error }, "[CALL] records of calls were not all written");
      });
      if (carried > 0) await new Promise((resolve) => setTimeout(resolve, LAST_WEBHOOKS_MS));
    },
  };
}
