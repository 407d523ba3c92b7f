import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createLog } from "../../platform/log.ts";
import { WriteBehind } from "./write-behind.ts";

const log = createLog("silent");

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A writer that notes what each write took. */
function writer() {
  const writes: string[][] = [];
  const pending: string[] = [];
  let fails = 0;
  const behind = new WriteBehind(log, async () => {
    if (fails-- > 0) throw new Error("away");
    writes.push(pending.splice(0));
  });
  return {
    writes,
    fail: (times: number) => (fails = times),
    ask(what: string) {
      pending.push(what);
      return behind.request();
    },
    askNow(what: string) {
      pending.push(what);
      return behind.requestNow();
    },
  };
}

test("what is asked for within a moment is one write", async () => {
  const { writes, ask } = writer();
  const done = [ask("a"), ask("b")];
  await vi.advanceTimersByTimeAsync(200);
  done.push(ask("c"));
  expect(writes).toEqual([]);
  await vi.advanceTimersByTimeAsync(50);
  await Promise.all(done);
  expect(writes).toEqual([["a", "b", "c"]]);
  void ask("d");
  await vi.advanceTimersByTimeAsync(250);
  expect(writes).toEqual([["a", "b", "c"], ["d"]]);
});

test("what cannot wait takes along what was waiting", async () => {
  const { writes, ask, askNow } = writer();
  const first = ask("a");
  await Promise.all([first, askNow("b")]);
  expect(writes).toEqual([["a", "b"]]);
  await askNow("c");
  expect(writes).toEqual([["a", "b"], ["c"]]);
});

test("a write that fails is done again, with what has come since", async () => {
  const { writes, fail, ask, askNow } = writer();
  fail(2);
  const first = askNow("a");
  await vi.advanceTimersByTimeAsync(0);
  const second = ask("b");
  await vi.advanceTimersByTimeAsync(5_000);
  await Promise.all([first, second]);
  expect(writes.flat()).toEqual(["a", "b"]);
});

test("what cannot wait and is asked for during a write comes right after it", async () => {
  const gate = Promise.withResolvers<void>();
  let writes = 0;
  const behind = new WriteBehind(log, async () => {
    writes += 1;
    if (writes === 1) await gate.promise;
  });
  const first = behind.requestNow();
  await vi.advanceTimersByTimeAsync(0);
  const second = behind.requestNow();
  gate.resolve();
  await Promise.all([first, second]);
  expect(writes).toBe(2);
});

test("a request that comes just as a write ends is written too, at whichever step", async () => {
  for (let steps = 0; steps < 20; steps++) {
    let written = 0;
    const gate = Promise.withResolvers<void>();
    const behind = new WriteBehind(log, async () => {
      written += 1;
      await gate.promise;
    });
    void behind.requestNow();
    gate.resolve();
    for (let step = 0; step < steps; step++) await Promise.resolve();
    await behind.requestNow();
    expect(written, `${steps} steps later`).toBe(2);
  }
});
