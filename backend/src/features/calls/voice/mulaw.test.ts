import { expect, it } from "vitest";
import { decodeMulaw, encodeMulaw } from "../../../../../lab/speech/mulaw.ts";
import { encodeSample, linear, meanSquare, silence_db, toDb, toRms } from "./mulaw.ts";

it("agrees with the laboratory's codec on every byte and every sample", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect([...linear]).toEqual([...decodeMulaw(bytes)]);
  for (let sample = -32_768; sample <= 32_767; sample += 7) {
    expect(encodeSample(sample)).toBe(encodeMulaw([sample])[0]);
  }
});

it("keeps each level through a round trip", () => {
  // 0x7f is minus zero, which comes back as plain zero.
  for (let byte = 0; byte < 256; byte++) {
    expect(encodeSample(linear[byte]!)).toBe(byte === 0x7f ? 0xff : byte);
  }
});

it("measures levels", () => {
  const tone = Int16Array.from({ length: 800 }, (_, i) => 16_384 * Math.sin((i * Math.PI) / 10));
  const bytes = encodeMulaw(tone);
  expect(toDb(meanSquare(bytes, 0, 800))).toBeCloseTo(-9, 0);
  expect(toRms(toDb(meanSquare(bytes, 160, 160)))).toBeGreaterThan(11_000);
  expect(toDb(meanSquare(Buffer.alloc(160, 0xff), 0, 160))).toBe(silence_db);
  expect(toDb(meanSquare(bytes, 0, 0))).toBe(silence_db);
  expect(toRms(silence_db)).toBe(0);
});
