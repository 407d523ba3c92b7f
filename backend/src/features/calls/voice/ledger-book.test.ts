import { expect, it } from "vitest";
import { IdleWatch } from "./idle-watch.ts";
import { LedgerBook } from "./ledger-book.ts";
import { default_limits } from "./limits.ts";

it("counts a silence once, when it has lasted more than three seconds", () => {
  const seen: number[] = [];
  const book = new LedgerBook((ledger) => seen.push(ledger.silences_over_3s));
  for (let now = 0; now <= 3_000; now += 40) book.waiting(0, now);
  expect(seen).toEqual([]);
  for (let now = 3_040; now <= 9_000; now += 40) book.waiting(0, now);
  book.waiting(null, 9_040);
  book.waiting(9_100, 9_100);
  book.waiting(9_100, 12_200);
  expect(seen).toEqual([1, 2]);
});

it("publishes copies", () => {
  const book = new LedgerBook((ledger) => void ledger.answers_ms.push(-1));
  book.answer(500.4);
  book.answer(700);
  book.greeting(3.2);
  expect(book.snapshot()).toMatchObject({ answers_ms: [500, 700], greeting_ms: 3 });
});

it("asks after 12 s in which nobody spoke, and ends 20 s after that", () => {
  const idle = new IdleWatch(default_limits, 0);
  const due = (from: number, to: number, busy = false) => {
    const found: Record<number, string> = {};
    for (let now = from; now <= to; now += 40) {
      const what = idle.tick(now, busy);
      if (what) found[now] = what;
    }
    return found;
  };
  expect(due(0, 13_000)).toEqual({ 12_040: "ask" });
  expect(due(13_000, 16_000, true)).toEqual({});
  expect(due(16_000, 40_000)).toEqual({ 36_040: "end" });
});

it("begins anew when the caller is there", () => {
  const idle = new IdleWatch(default_limits, 0);
  expect(idle.tick(12_001, false)).toBe("ask");
  idle.callerActive(20_000);
  expect(idle.tick(31_999, false)).toBeNull();
  expect(idle.tick(32_001, false)).toBe("ask");
});
