import { expect, test } from "vitest";
import { createJitter } from "./outage.ts";

test("few closes come back on time, many at once are spread over a fifth", () => {
  let now = 0;
  const jitter = createJitter(
    () => now,
    () => 0.5,
  );
  expect([jitter(), jitter(), jitter(), jitter()]).toEqual([0, 0, 0.1, 0.1]);
  now = 60_000;
  expect(jitter()).toBe(0);
});
