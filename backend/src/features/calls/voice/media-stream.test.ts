import { EventEmitter } from "node:events";
import { beforeEach, expect, it } from "vitest";
import type { MediaStreamEvents } from "./media-stream.ts";
import type { MediaSocket } from "./ports.ts";
import { FakeClock } from "./fake-clock.ts";
import { MediaStream } from "./media-stream.ts";

class Socket extends EventEmitter implements MediaSocket {
  readyState = 1;
  bufferedAmount = 0;
  closed: number | null = null;
  terminated = false;

  send(): void {}

  close(code?: number): void {
    this.closed = code ?? 1000;
  }

  terminate(): void {
    this.terminated = true;
  }
}

let socket: Socket;
let clock: FakeClock;
let stream: MediaStream;
let seen: { what: string; at?: number }[];
let written: Buffer[];
let logged: string[];

beforeEach(() => {
  socket = new Socket();
  clock = new FakeClock();
  seen = [];
  written = [];
  logged = [];
  const log = (_fields: object, message: string) => void logged.push(message);
  const events: MediaStreamEvents = {
    start: ({ stream_sid }) => seen.push({ what: stream_sid }),
    frame: (_payload, bytes, length, at) =>
      seen.push({ what: `${length} of ${bytes[0]!.toString(16)}`, at }),
    mark: (name, at) => seen.push({ what: name, at }),
    dtmf: (digit) => seen.push({ what: digit }),
    stop: () => seen.push({ what: "stop" }),
    closed: (code) => seen.push({ what: `closed ${code}` }),
    overflow: () => seen.push({ what: "overflow" }),
    fault: (error) => seen.push({ what: String(error) }),
  };
  const wire = {
    writableLength: 0,
    write: (bytes: Uint8Array) => written.push(Buffer.from(bytes)),
  };
  stream = new MediaStream(socket, wire, events, clock, { info: log, warn: log, error: log });
});

const receive = (message: object | string) => {
  const text = typeof message === "string" ? message : JSON.stringify(message);
  socket.emit("message", Buffer.from(text), false);
};

function start(): void {
  receive({ event: "start", streamSid: "MZ1", start: { callSid: "CA1", accountSid: "AC1" } });
  seen = [];
}

const frame = Buffer.alloc(160, 0x55).toString("base64");

function media(timestamp: number, payload = frame): void {
  receive({ event: "media", media: { track: "inbound", timestamp: String(timestamp), payload } });
}

it("says nothing before it knows the stream, then names only that stream", () => {
  stream.media(Buffer.alloc(160));
  stream.mark("a");
  stream.clear();
  expect(written).toEqual([]);
  start();
  stream.together(() => {
    stream.media(Buffer.alloc(160));
    stream.mark('a"b');
  });
  stream.clear();
  expect(written).toHaveLength(2);
  const text = Buffer.concat(written).toString("latin1");
  expect(text.match(/"streamSid":"MZ1"/g)).toHaveLength(3);
  expect(text).toContain('"mark":{"name":"a\\"b"}}');
});

it("fills a hole by the timestamps, and only a hole", () => {
  start();
  media(0);
  media(20);
  clock.advance(100);
  media(120);
  expect(seen).toHaveLength(3);
  clock.advance(300);
  media(440);
  expect(seen.slice(3).map(({ what }) => what)).toEqual([
    ...Array.from({ length: 15 }, () => "160 of ff"),
    "160 of 55",
  ]);
});

it("fills ten seconds at most", () => {
  start();
  media(0);
  media(600_000);
  expect(seen).toHaveLength(502);
});

it("undoes jitter: frames that come in a heap keep their times", () => {
  start();
  const base = clock.now();
  media(0);
  clock.advance(20);
  media(20);
  clock.advance(300);
  receive({ event: "mark", mark: { name: "m" } });
  for (let ts = 40; ts <= 320; ts += 20) media(ts);
  const times = seen.filter(({ what }) => what.startsWith("160")).map(({ at }) => at! - base);
  times.forEach((at, i) => expect(at).toBeCloseTo(i * 20, 0));
  expect(seen.find(({ what }) => what === "m")!.at! - base).toBeCloseTo(40, 0);
});

it("counts rubbish, logs it once, and goes on", () => {
  start();
  receive("{");
  receive({ event: "media", media: { payload: "%%%" } });
  socket.emit("message", Buffer.from("x"), true);
  media(0);
  expect(seen).toHaveLength(1);
  expect(logged).toEqual(["[CALL] unreadable media message ignored"]);
  expect(socket.closed).toBeNull();
});

it("closes a peer that sends nothing but rubbish", () => {
  for (let i = 0; i < 200; i++) receive("{");
  expect(socket.closed).toBe(1008);
});

it("takes one start, of the right format", () => {
  const wide = { callSid: "CA1", mediaFormat: { encoding: "audio/x-l16" } };
  receive({ event: "start", streamSid: "MZ0", start: wide });
  expect(seen).toEqual([]);
  start();
  receive({ event: "start", streamSid: "MZ2", start: { callSid: "CA1" } });
  expect(seen).toEqual([]);
});

it("tells of a peer that does not read", () => {
  start();
  socket.bufferedAmount = 1_100_000;
  stream.media(Buffer.alloc(160));
  expect(seen).toEqual([{ what: "overflow" }]);
  expect(written).toEqual([]);
});

it("writes nothing to a socket that is closing", () => {
  start();
  socket.readyState = 2;
  stream.media(Buffer.alloc(160));
  expect(written).toEqual([]);
});

it("is closed once, and an error of the socket ends it", () => {
  socket.emit("close", 1006);
  socket.emit("close", 1006);
  expect(seen).toEqual([{ what: "closed 1006" }]);
  socket.emit("error", new Error("reset"));
  expect(socket.terminated).toBe(true);
});
