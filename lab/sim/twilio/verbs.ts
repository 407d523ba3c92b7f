import { setTimeout as sleep } from "node:timers/promises";
import { rmsDb } from "../../speech/mix.ts";
import { decodeMulaw } from "../../speech/mulaw.ts";
import { mp3Ms } from "../../speech/mp3.ts";
import { mulawOfWav } from "../../speech/wav.ts";
import { go_on, type Line, type Next } from "./line.ts";
import { MediaStream } from "./media-stream.ts";
import { reach } from "./webhook.ts";
import type { Element } from "./xml.ts";

type Verb = (line: Line, element: Element, signal: AbortSignal) => Promise<Next>;

/** How each TwiML verb is done. A verb returns early, with anything, when `signal` aborts. */
export const verbs: Readonly<Record<string, Verb>> = {
  Connect: connect,
  Dial: dial,
  Play: play,
  Record: record,
  Pause: (_, { attributes }, signal) => wait(Number(attributes.length ?? 1) * 1000, signal),
  Say: (line, { text }, signal) => {
    line.call.report("say", { text: text.trim() });
    return wait((text.length * 60) / line.prompt_speed, signal);
  },
  Redirect: async (_, { text, attributes }) => document(text.trim(), attributes.method),
  Hangup: async () => ({ kind: "hang_up" }),
  Reject: async ({ call }) => {
    call.status = "busy";
    return { kind: "hang_up" };
  },
};

function document(url: string, method = "POST", params: Record<string, string> = {}): Next {
  return { kind: "document", url, method, params };
}

async function wait(ms: number, signal: AbortSignal): Promise<Next> {
  await sleep(ms, undefined, { signal }).catch(() => {});
  return go_on;
}

async function connect(line: Line, { attributes, children }: Element, signal: AbortSignal) {
  const { call, network, account_sid, violation } = line;
  const [element] = children;
  if (!element) return go_on;
  const { url = "", statusCallback, statusCallbackMethod } = element.attributes;
  const parameters = Object.fromEntries(
    element.children.map((child) => [child.attributes.name ?? "", child.attributes.value ?? ""]),
  );
  const stream = new MediaStream({
    url,
    parameters,
    call_sid: call.sid,
    account_sid,
    network,
    mouth: call.mouth,
    faults: call.options.faults ?? {},
    offer_subprotocol: call.options.offer_subprotocol ?? false,
    echo: call.options.echo ?? null,
    violation,
    report: (type, details) => {
      call.report(type, details);
      if (type === "stream_started") void tell("stream-started");
    },
  });
  const tell = async (event: string, error: Record<string, string> = {}) => {
    if (!statusCallback) return;
    const base = { StreamSid: stream.sid, StreamName: stream.sid, StreamEvent: event };
    const params = { ...base, Timestamp: new Date().toISOString(), ...error };
    const answer = await line.webhook(statusCallback, params, statusCallbackMethod);
    if (answer.status >= 300) violation(11_200, `${event} callback: ${answer.status}`);
  };
  call.streams.push(stream);
  call.report("stream_connecting", { url });
  const end = await stream.run(signal);
  call.report("stream_ended", { ...end });
  if (end.by === "error") await tell("stream-error", { StreamError: `${end.code}` });
  else await tell("stream-stopped");
  return attributes.action ? document(attributes.action, attributes.method) : go_on;
}

async function play(line: Line, { text }: Element, signal: AbortSignal): Promise<Next> {
  const url = text.trim();
  const address = reach(url, line.network);
  const response = address ? await fetch(address, { signal }).catch(() => null) : null;
  const type = response?.headers.get("content-type") ?? "none";
  if (!response?.ok || !type.startsWith("audio/")) {
    line.violation(11_200, `<Play>${url}: ${response?.status ?? "unreachable"}, ${type}`);
    return go_on;
  }
  const file = Buffer.from(await response.arrayBuffer());
  try {
    const ms = type.includes("mpeg") ? mp3Ms(file) : mulawOfWav(file).length / 8;
    line.call.report("play", { url, ms });
    return await wait(ms / line.prompt_speed, signal);
  } catch (error) {
    line.violation(13_201, `<Play>${url}: ${String(error)}`);
    return go_on;
  }
}

/** Records until silence, the limit or the hang-up; an empty recording is not reported. */
async function record(line: Line, { attributes }: Element, signal: AbortSignal): Promise<Next> {
  const { call, recordings, account_sid, api_base_url } = line;
  const limit_ms = Number(attributes.maxLength ?? 3600) * 1000;
  const silence_ms = Number(attributes.timeout ?? 5) * 1000;
  call.report("record_started");
  const frames: Buffer[] = [];
  let loud = -1;
  const started = performance.now();
  while (!signal.aborted && frames.length * 20 < limit_ms) {
    const frame = call.mouth.next(null);
    frames.push(frame);
    if (rmsDb(decodeMulaw(frame)) > -45) loud = frames.length;
    if ((frames.length - Math.max(loud, 0)) * 20 >= silence_ms) break;
    const due = started + frames.length * 20 - performance.now();
    if (due > 0) await wait(due, signal);
  }
  if (loud < 0) {
    call.report("record_empty");
    return go_on;
  }
  const recording = recordings.add(call.sid, Buffer.concat(frames));
  call.report("recorded", { recording_sid: recording.sid, seconds: recording.duration_seconds });
  const path = `/2010-04-01/Accounts/${account_sid}/Recordings/${recording.sid}`;
  const params = {
    RecordingSid: recording.sid,
    RecordingUrl: `${api_base_url}${path}`,
    RecordingDuration: String(recording.duration_seconds),
    ...(signal.aborted ? { Digits: "hangup" } : {}),
  };
  return document(attributes.action ?? "", attributes.method, params);
}

async function dial(line: Line, { attributes, children, text }: Element, signal: AbortSignal) {
  const number = (children[0]?.text ?? text).trim();
  const { status, seconds = 1 } = line.dial(number);
  line.call.report("dial", { number, status });
  if (status === "completed") await wait(seconds * 1000, signal);
  const params = { DialCallStatus: status, DialCallDuration: String(seconds) };
  return attributes.action ? document(attributes.action, attributes.method, params) : go_on;
}
