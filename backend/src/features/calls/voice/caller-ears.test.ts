import { expect, it } from "vitest";
import { phrase, sounds } from "../../../../../lab/speech/library.ts";
import { briefFor } from "../../../../test/telephone.ts";
import { AgentVoice } from "./agent-voice.ts";
import { CallerEars } from "./caller-ears.ts";
import { frame_bytes, frame_ms } from "./mulaw.ts";

const talk = Buffer.concat([phrase("agent_hours").audio, phrase("agent_which_time").audio]);

/** A carrier that plays what it gets and returns the marks in time. */
function line(sound: Buffer, at_ms: number) {
  let now = 0;
  let dry_at = 0;
  const sent: { at: number; bytes: Buffer }[] = [];
  const marks: { at: number; name: string }[] = [];
  const logs: string[] = [];
  const interrupted: number[] = [];
  const sink = {
    media(bytes: Buffer) {
      dry_at = Math.max(dry_at, now) + frame_ms;
      sent.push({ at: now, bytes: Buffer.from(bytes) });
    },
    mark: (name: string) => void marks.push({ at: dry_at, name }),
    together: (write: () => void) => write(),
    clear: () => void (dry_at = now),
  };
  const voice = new AgentVoice(sink, 200, () => undefined);
  const log = (_fields: object, message: string) => void logs.push(message);
  const events = {
    agentSince: () => voice.heard_since,
    interrupted: (onset_at: number) => {
      interrupted.push(onset_at);
      voice.cut(now);
    },
    speechBegan: () => undefined,
    speechEnded: () => undefined,
  };
  const ears = new CallerEars(
    briefFor("CA1"),
    voice,
    events,
    { info: log, warn: log, error: log },
    0,
  );
  voice.clip("a", "answer", talk, now);
  for (; now < 5_000; now += frame_ms) {
    while (marks[0] && marks[0].at <= now) voice.markReturned(marks.shift()!.name, now);
    const from = (now - at_ms) * 8;
    const speaking = from >= 0 && from + frame_bytes <= sound.length;
    const frame = speaking
      ? sound.subarray(from, from + frame_bytes)
      : sounds.comfort_noise.subarray((now % 1_000) * 8);
    ears.frame(frame, frame_bytes, now);
    if (now % 40 === 0) voice.tick(now);
  }
  return { sent, logs, interrupted };
}

it("the first loud frame holds the agent; not confirmed, it goes on at the exact sample", () => {
  const { sent, interrupted, logs } = line(sounds.cough, 2_000);
  expect(interrupted).toEqual([]);
  const held = sent.filter(({ at }) => at > 2_000 && at < 2_160);
  expect(held).toEqual([]);
  const all = Buffer.concat(sent.map(({ bytes }) => bytes));
  expect(all.equals(talk.subarray(0, all.length))).toBe(true);
  expect(logs.filter((message) => message.startsWith("[BARGE-IN]"))).toEqual([]);
});

it("speech ends what is sent, and is logged with level and time", () => {
  const { sent, interrupted, logs } = line(phrase("interrupt").audio, 2_000);
  expect(interrupted).toHaveLength(1);
  expect(sent.every(({ at }) => at <= 2_040)).toBe(true);
  expect(logs).toEqual([
    expect.stringMatching(/^\[VAD\] noise_floor=-5\d\.\d speech_threshold=-4\d\.\d$/),
    expect.stringMatching(/^\[CALL\] first user audio detected rms=\d+ t=20\d\d$/),
    expect.stringMatching(
      /^\[BARGE-IN\] user speech detected rms=\d+ t=20\d\d cancelling response$/,
    ),
  ]);
});
