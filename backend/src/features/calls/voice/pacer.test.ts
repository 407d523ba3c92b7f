import fc from "fast-check";
import { expect, it } from "vitest";
import type { FrameSink } from "./pacer.ts";
import { frame_bytes, frame_ms } from "./mulaw.ts";
import { Pacer } from "./pacer.ts";
import { Playback } from "./playback.ts";
import { utterance } from "./utterance.ts";

const lead_ms = 200;

class Ear implements FrameSink {
  sent: Buffer[] = [];
  marks: string[] = [];
  batches = 0;

  media(bytes: Buffer): void {
    this.sent.push(Buffer.from(bytes));
  }

  mark(name: string): void {
    this.marks.push(name);
  }

  together(write: () => void): void {
    this.batches++;
    write();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.sent);
  }
}

function setup() {
  const ear = new Ear();
  const playback = new Playback(() => undefined);
  return { ear, playback, pacer: new Pacer(ear, playback, lead_ms) };
}

/** Audio whose every byte tells its place. */
function audio(length: number, from = 0): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, i) => (from + i) % 251));
}

it("fills the lead at once and keeps it, however late the ticks are", () => {
  const { ear, pacer } = setup();
  pacer.push(utterance("a", "answer"), audio(frame_bytes * 100), 1_000);
  expect(ear.sent).toHaveLength(lead_ms / frame_ms);
  expect(ear.batches).toBe(1);
  pacer.tick(1_040);
  expect(ear.sent).toHaveLength(12);
  pacer.tick(1_137);
  pacer.tick(1_300);
  expect(ear.sent).toHaveLength(25);
  expect(ear.bytes.equals(audio(frame_bytes * 25))).toBe(true);
});

it("starts anew after running dry, without sending too much", () => {
  const { ear, pacer } = setup();
  const spoken = utterance("a", "answer");
  pacer.push(spoken, audio(frame_bytes * 2), 0);
  pacer.push(spoken, audio(frame_bytes * 50), 5_000);
  expect(ear.sent).toHaveLength(2 + lead_ms / frame_ms);
});

it("holds back a partial frame until more comes, or the end pads it with silence", () => {
  const { ear, pacer } = setup();
  const spoken = utterance("a", "answer");
  pacer.push(spoken, audio(100), 0);
  expect(ear.sent).toEqual([]);
  expect(pacer.idle).toBe(true);
  pacer.push(spoken, audio(100, 100), 0);
  expect(ear.sent).toHaveLength(1);
  pacer.finish(spoken, 0);
  expect(ear.bytes.subarray(0, 200).equals(audio(200))).toBe(true);
  expect(ear.bytes.subarray(200).every((byte) => byte === 0xff)).toBe(true);
});

it("marks the first frame, each 160 ms and the end", () => {
  const { ear, pacer } = setup();
  const spoken = utterance("a", "answer");
  pacer.push(spoken, audio(frame_bytes * 20), 0);
  pacer.finish(spoken, 0);
  for (let now = 0; now <= 400; now += 40) pacer.tick(now);
  expect(ear.marks).toEqual(["1:a:20", "1:a:180", "1:a:340", "1:a:400"]);
});

it("marks where it was frozen", () => {
  const { ear, pacer } = setup();
  pacer.push(utterance("a", "answer"), audio(frame_bytes * 100), 0);
  pacer.freeze();
  expect(ear.marks.at(-1)).toBe("1:a:200");
  pacer.tick(500);
  expect(ear.sent).toHaveLength(10);
});

it("goes on at the exact sample, whatever freezes and stalls happen", () => {
  const step = fc.record({
    wait: fc.nat(120),
    act: fc.constantFrom("tick", "freeze", "resume", "push", "push"),
    size: fc.nat(3_000),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { ear, playback, pacer } = setup();
      const spoken = utterance("a", "answer");
      let now = 0;
      let pushed = 0;
      let played_until = 0;
      let sent = 0;
      const settle = () => {
        for (; sent < ear.sent.length; sent++) {
          played_until = Math.max(played_until, now) + frame_ms;
        }
        expect(played_until - now).toBeLessThanOrEqual(lead_ms);
      };
      for (const { wait, act, size } of steps) {
        now += wait;
        if (act === "freeze") pacer.freeze();
        else if (act === "resume") pacer.resume(now);
        else if (act === "push") {
          pacer.push(spoken, audio(size, pushed), now);
          pushed += size;
        } else pacer.tick(now);
        settle();
      }
      pacer.resume(now);
      pacer.finish(spoken, now);
      for (; !pacer.idle; now += 40) pacer.tick(now);
      expect(ear.bytes.subarray(0, pushed).equals(audio(pushed))).toBe(true);
      expect(ear.sent).toHaveLength(Math.ceil(pushed / frame_bytes));
      expect(playback.outstanding).toBe(pushed > 0);
    }),
  );
});

it("keeps utterances apart: the next begins on a frame of its own", () => {
  const { ear, pacer } = setup();
  const [first, second] = [utterance("a", "filler"), utterance("b", "answer")];
  pacer.push(first, audio(200), 0);
  pacer.push(second, audio(frame_bytes, 7), 0);
  expect(ear.sent).toHaveLength(3);
  expect(ear.sent[1]!.subarray(40).every((byte) => byte === 0xff)).toBe(true);
  expect(ear.sent[2]!.equals(audio(frame_bytes, 7))).toBe(true);
});

it("drops what was not sent and begins a new lead", () => {
  const { ear, pacer } = setup();
  pacer.push(utterance("a", "answer"), audio(frame_bytes * 100), 0);
  pacer.freeze();
  pacer.drop(50);
  expect(pacer.idle).toBe(true);
  pacer.push(utterance("b", "answer"), audio(frame_bytes * 100), 50);
  expect(ear.sent).toHaveLength(20);
});
