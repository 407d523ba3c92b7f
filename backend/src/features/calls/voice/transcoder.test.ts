import { expect, it } from "vitest";
import { encodeMulaw } from "../../../../../lab/speech/mulaw.ts";
import { Downsampler, Upsampler } from "./resample.ts";
import { PcmTranscoder } from "./transcoder.ts";

function tone(hz: number, rate: number, ms: number, amplitude = 10_000): Int16Array {
  return Int16Array.from({ length: (rate * ms) / 1000 }, (_, i) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * hz * i) / rate)),
  );
}

function rms(samples: Int16Array, from = 200): number {
  const part = samples.subarray(from, samples.length - from);
  return Math.sqrt(part.reduce((sum, x) => sum + x * x, 0) / part.length);
}

function pcm(samples: Int16Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}

it("keeps speech frequencies and takes away what the telephone cannot carry", () => {
  for (const hz of [300, 1_000, 3_000]) {
    expect(rms(new Downsampler().push(tone(hz, 24_000, 500)))).toBeGreaterThan(6_700);
  }
  // 5 and 7 kHz would come out as 3 and 1 kHz.
  for (const hz of [5_000, 7_000, 11_000]) {
    expect(rms(new Downsampler().push(tone(hz, 24_000, 500)))).toBeLessThan(30);
  }
});

it("upsamples without images", () => {
  const up = new Upsampler().push(tone(1_000, 8_000, 500));
  expect(rms(up)).toBeGreaterThan(6_900);
  const original = tone(1_000, 24_000, 500);
  const delay = 47 / 2;
  let error = 0;
  for (let i = 600; i < up.length - 600; i++) {
    const phase = (2 * Math.PI * 1_000 * (i - delay - 24)) / 24_000;
    error = Math.max(error, Math.abs(up[i]! - 10_000 * Math.sin(phase)));
  }
  expect(original.length).toBe(up.length);
  expect(error).toBeLessThan(400);
});

it("gives the same in pieces of any size", () => {
  const input = tone(700, 24_000, 300);
  const whole = new Downsampler().push(input);
  const down = new Downsampler();
  const up = new Upsampler();
  const pieces: number[] = [];
  for (let at = 0, size = 1; at < input.length; at += size, size = (size * 7) % 97 || 1) {
    pieces.push(...down.push(input.subarray(at, at + size)));
  }
  expect(pieces).toEqual([...whole]);
  const low = tone(700, 8_000, 100);
  const high = [...up.push(low.subarray(0, 333)), ...up.push(low.subarray(333))];
  expect(high).toEqual([...new Upsampler().push(low)]);
});

it("brings a voice there and back, bytes split anywhere", () => {
  const there = new PcmTranscoder();
  const back = new PcmTranscoder();
  const said = encodeMulaw(tone(440, 8_000, 400));
  const wide = there.toModel(said);
  expect(wide.length).toBe(said.length * 6);
  const parts: Buffer[] = [];
  for (let at = 0; at < wide.length; at += 777)
    parts.push(back.toTelephone(wide.subarray(at, at + 777)));
  expect(Buffer.concat(parts).length).toBe(said.length);
  expect(pcm(tone(440, 24_000, 1)).length).toBe(48);
});
