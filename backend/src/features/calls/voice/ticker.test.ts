import { expect, it } from "vitest";
import { FakeClock } from "./fake-clock.ts";
import { createTicker } from "./ticker.ts";

it("runs each subscriber every 40 ms, with one timer for all, and none without", () => {
  const clock = new FakeClock();
  const ticker = createTicker(clock);
  const runs = [0, 0, 0, 0];
  const leave = runs.map((_, i) =>
    ticker.add(
      () => runs[i]!++,
      () => undefined,
    ),
  );
  expect(clock.pending).toBe(1);
  clock.advance(4_000);
  expect(runs).toEqual([100, 100, 100, 100]);
  expect(clock.pending).toBe(1);
  for (const end of leave) end();
  expect(clock.pending).toBe(0);
  clock.advance(1_000);
  expect(runs).toEqual([100, 100, 100, 100]);
});

it("a subscriber that throws is told of, and disturbs no other", () => {
  const clock = new FakeClock();
  const ticker = createTicker(clock);
  const faults: unknown[] = [];
  let runs = 0;
  for (let i = 0; i < 2; i++) {
    ticker.add(
      () => {
        throw new Error("fault");
      },
      (error) => faults.push(error),
    );
    ticker.add(
      () => runs++,
      () => undefined,
    );
  }
  clock.advance(400);
  expect(runs).toBe(20);
  expect(faults).toHaveLength(20);
});
