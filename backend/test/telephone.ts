/**
 * A telephone line into the voice core: the strict simulators of both sides around it, over real
 * WebSockets and in real time, without webhooks or a database.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { OpenAiSim } from "../../lab/sim/openai/index.ts";
import type { Fault, OpenAiSimOptions } from "../../lab/sim/openai/index.ts";
import { MediaStream } from "../../lab/sim/twilio/media-stream.ts";
import type { StreamEnd, StreamFaults } from "../../lab/sim/twilio/media-stream.ts";
import { Mouth } from "../../lab/sim/twilio/mouth.ts";
import { phrase, sounds } from "../../lab/speech/library.ts";
import type {
  Admission,
  CallBrief,
  CallLimits,
  CallRecorder,
  EndReason,
  FailureKind,
  Ledger,
  ToolCall,
  ToolOutcome,
  Turn,
  Voice,
  VoiceLog,
} from "../src/features/calls/voice/index.ts";
import { createVoice, openAiRealtime, systemClock } from "../src/features/calls/voice/index.ts";

export const greeting = phrase("agent_how_help");

/** What the recorder was told. */
export interface Record {
  turns: Map<number, Turn>;
  ledger: Ledger | null;
  speaking: { who: "caller" | "agent" | null; at: number }[];
  failed: { kind: FailureKind; detail: string }[];
  greeting: { audio: Buffer; key: string } | null;
  ended: EndReason | null;
}

export interface PhoneCall {
  stream: MediaStream;
  mouth: Mouth;
  record: Record;
  /** What the carrier reported: `clear` and the like. */
  reports: string[];
  /** How the stream ended, by whoever. */
  ended: Promise<StreamEnd>;
  hangUp(): void;
  /** Resolves when `check` holds; rejects after `ms`. */
  until(check: () => boolean, ms?: number): Promise<void>;
  /** Resolves when the agent is heard at or after `from`; gives the time. */
  hears(from: number, ms?: number): Promise<number>;
}

export interface CallSetup {
  brief?: Partial<CallBrief>;
  faults?: StreamFaults;
  echo?: { delay_ms: number; gain_db: number };
  run?: (call: ToolCall, signal: AbortSignal) => Promise<ToolOutcome>;
  callerSaid?: (text: string) => Promise<{ note?: string; say?: string } | null>;
  /** Opens the model's socket before the stream, as the webhook does. */
  warm?: boolean;
}

export interface Telephone {
  sim: OpenAiSim;
  voice: Voice;
  url: string;
  logs: { level: string; fields: object; message: string }[];
  admissions: Map<string, Admission | Promise<Admission | null>>;
  call(setup?: CallSetup): PhoneCall;
  stop(): Promise<void>;
}

/** One call with a line of its own, so that faults and settings meet no other. */
export async function withCall(
  setup: CallSetup & { options?: Parameters<typeof telephone>[0]; faults_at?: Fault[][] },
  run: (call: PhoneCall, line: Telephone) => Promise<void>,
): Promise<void> {
  const line = await telephone(setup.options);
  try {
    for (const faults of setup.faults_at ?? []) line.sim.nextConnection(...faults);
    const call = line.call(setup);
    await call.until(() => call.stream.started_at > 0);
    await run(call, line);
    if (line.sim.violations.length > 0) throw new Error(JSON.stringify(line.sim.violations));
  } finally {
    await line.stop();
  }
}

/** Longest time without anything audible in [from, to), in ms. */
export function longestSilence(call: PhoneCall, from: number, to: number): number {
  const frames = [from, ...call.stream.playback.audibleFrames(from, to), to];
  return Math.max(...frames.slice(1).map((at, i) => at - frames[i]!));
}

/** Milliseconds since the stream began. */
export function ago(call: PhoneCall): number {
  return performance.now() - call.stream.started_at;
}

/** The greeting was heard to its end. */
export async function greeted(call: PhoneCall): Promise<void> {
  await call.hears(call.stream.started_at);
  await call.until(() => call.stream.playback.buffered_ms === 0 && ago(call) > 2_200);
}

/** Who spoke in which order, such as `aca`: agent, caller, agent. */
export function order(call: PhoneCall): string {
  const turns = [...call.record.turns.values()].toSorted((a, b) => a.seq - b.seq);
  return turns.map(({ role }) => role[0]).join("");
}

/** What was said, in the order in which it became known. */
export function texts(call: PhoneCall): string[] {
  return [...call.record.turns.values()].map(({ text }) => text);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

let calls = 0;

/** One line; `limits` shorten the waits. Stop it after use. */
export async function telephone(
  options: {
    limits?: Partial<CallLimits>;
    sim?: OpenAiSimOptions;
    api_key?: string;
    audio?: "pcmu" | "pcm";
    connect_ms?: number;
  } = {},
): Promise<Telephone> {
  const sim = await new OpenAiSim(options.sim ?? {}).start();
  const logs: Telephone["logs"] = [];
  const push = (level: string) => (fields: object, message: string) =>
    void logs.push({ level, fields, message });
  const log: VoiceLog = { info: push("info"), warn: push("warn"), error: push("error") };
  const model = openAiRealtime(
    {
      api_key: options.api_key ?? "key",
      base_url: sim.base_url,
      model: "gpt-realtime-2.1",
      transcribe_model: "gpt-transcribe",
      ...(options.audio ? { audio: options.audio } : {}),
      ...(options.connect_ms ? { connect_ms: options.connect_ms } : {}),
    },
    { clock: systemClock, log },
  );
  const admissions: Telephone["admissions"] = new Map();
  const voice = createVoice({
    model,
    log,
    limits: options.limits ?? {},
    admit: ({ call_sid }) => admissions.get(call_sid) ?? null,
  });
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  server.on("connection", (socket, request) => voice.handleMediaSocket(socket, request.socket));
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws/twilio-media`;
  const streams: AbortController[] = [];

  function call(setup: CallSetup = {}): PhoneCall {
    const call_sid = `CA${++calls}`;
    const brief = briefFor(call_sid, setup.brief);
    const { recorder, record } = listeningRecorder();
    admissions.set(call_sid, {
      brief,
      recorder,
      tools: {
        run: setup.run ?? (async () => ({ output: { ok: true } })),
        callerSaid: setup.callerSaid ?? (async () => null),
      },
    });
    if (setup.warm ?? true) voice.warmModel(brief);
    const mouth = new Mouth();
    const reports: string[] = [];
    mouth.background(sounds.comfort_noise);
    const stream = new MediaStream({
      url,
      parameters: { call_sid, token: "t" },
      call_sid,
      account_sid: "AC1",
      network: { public_base_url: url.replace("ws:", "http:"), auth_token: "x" },
      mouth,
      faults: setup.faults ?? {},
      offer_subprotocol: false,
      echo: setup.echo ?? null,
      report: (type) => void reports.push(type),
      violation: (code, reason) => {
        sim.violations.push({ connection: call_sid, reason: `${code} ${reason}`, event: "twilio" });
      },
    });
    const abort = new AbortController();
    streams.push(abort);
    const ended = stream.run(abort.signal);
    const until = (check: () => boolean, ms?: number) => eventually(check, ms);
    const hears = async (from: number, ms?: number) => {
      await until(() => stream.playback.audibleFrames(from).length > 0, ms);
      return stream.playback.audibleFrames(from)[0]!;
    };
    return { stream, mouth, record, reports, ended, hangUp: () => abort.abort(), until, hears };
  }

  return {
    sim,
    voice,
    url,
    logs,
    admissions,
    call,
    async stop() {
      for (const stream of streams) stream.abort();
      await voice.drain(1_000);
      server.close();
      for (const client of server.clients) client.terminate();
      await sim.stop();
    },
  };
}

export function briefFor(call_sid: string, brief: Partial<CallBrief> = {}): CallBrief {
  return {
    call_sid,
    business_id: 1,
    thread_id: 1,
    language: "he-IL",
    instructions: "אתה פקיד קבלה.",
    voice: "marin",
    greeting: greeting.text,
    greeting_mode: "realtime",
    greeting_audio: greeting.audio,
    greeting_key: "k1",
    fillers: [phrase("agent_say_again").audio],
    tools: [],
    vad: { threshold_db: 12, grace_ms: 300, confirm_ms: 120 },
    barge_in: true,
    ...brief,
  };
}

function listeningRecorder(): { recorder: CallRecorder; record: Record } {
  const record: Record = {
    turns: new Map(),
    ledger: null,
    speaking: [],
    failed: [],
    greeting: null,
    ended: null,
  };
  const recorder: CallRecorder = {
    started: () => undefined,
    turn: (turn) => void record.turns.set(turn.seq, turn),
    ledger: (ledger) => void (record.ledger = ledger),
    greeting_recorded: (audio, key) => void (record.greeting = { audio, key }),
    speaking: (who) => void record.speaking.push({ who, at: performance.now() }),
    failed: (kind, detail) => void record.failed.push({ kind, detail }),
    ended(reason, ledger) {
      record.ended = reason;
      record.ledger = ledger;
    },
  };
  return { recorder, record };
}

/** Waits in small steps for what has no event of its own. */
export async function eventually(check: () => boolean, ms = 10_000): Promise<void> {
  const end = performance.now() + ms;
  while (!check()) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
