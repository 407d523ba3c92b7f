import { expect, it } from "vitest";
import { CallerAudio } from "./caller-audio.ts";

function filled(ms: number): CallerAudio {
  const audio = new CallerAudio();
  for (let at = 0; at < ms; at += 20) {
    audio.push(Buffer.alloc(200, (at / 20) % 256), 160);
  }
  return audio;
}

const bytes = (audio: CallerAudio, from: number) =>
  Buffer.concat([...audio.since(from)].map((piece) => Buffer.from(piece.toString(), "base64")));

it("gives back what came since then, in order", () => {
  const audio = filled(1_000);
  expect(audio.position_ms).toBe(1_000);
  const half = bytes(audio, 500);
  expect(half.length).toBe(4_000);
  expect([half[0], half.at(-1)]).toEqual([25, 49]);
  expect(bytes(audio, -5_000).length).toBe(8_000);
  expect(bytes(audio, 1_000).length).toBe(0);
});

it("keeps fifteen seconds", () => {
  const audio = filled(33_340);
  const all = bytes(audio, 0);
  expect(all.length).toBe(15_000 * 8);
  expect(all.at(-1)).toBe((33_320 / 20) % 256);
  for (let i = 160; i < all.length; i += 160) expect(all[i]).toBe((all[i - 160]! + 1) % 256);
});

it("goes round in the middle of a frame", () => {
  const audio = new CallerAudio();
  let next = 0;
  for (let i = 0; i < 1_000; i++) {
    audio.push(
      Uint8Array.from({ length: 136 }, () => next++ % 251),
      136,
    );
  }
  const all = bytes(audio, 0);
  expect(all.at(-1)).toBe((next - 1) % 251);
  const breaks = all.filter((byte, i) => i > 0 && byte !== (all[i - 1]! + 1) % 251);
  expect(breaks.length).toBe(0);
});
