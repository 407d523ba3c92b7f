import { expect, test } from "vitest";
import { silences } from "./silences.ts";

test("what is left between sounds, whatever their order", () => {
  const sounds = [
    [50, 70],
    [10, 20],
    [15, 30],
    [60, 65],
  ] as const;
  expect(silences(sounds, 0, 100)).toEqual([
    [0, 10],
    [30, 50],
    [70, 100],
  ]);
});

test("sounds from before and after the time are cut to it", () => {
  const sounds = [
    [-10, 5],
    [20, 300],
  ] as const;
  expect(silences(sounds, 0, 100)).toEqual([[5, 20]]);
  expect(silences([[150, 200]], 0, 100)).toEqual([[0, 100]]);
});
