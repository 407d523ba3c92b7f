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
  };
}

test("what is asked for while a write waits joins the next one", async () => {
  const { writes, ask } = writer();
  await Promise.all([ask("a"), ask("b"), ask("c")]);
  await ask("d");
  expect(writes.flat()).toEqual(["a", "b", "c", "d"]);
  expect(writes.length).toBeLessThanOrEqual(3);
});

test("a write that fails is done again, with what has come since", async () => {
  const { writes, fail, ask } = writer();
  fail(2);
  const first = ask("a");
  await vi.advanceTimersByTimeAsync(0);
  const second = ask("b");
  await vi.advanceTimersByTimeAsync(5_000);
  await Promise.all([first, second]);
  expect(writes.flat()).toEqual(["a", "b"]);
});

test("what is asked for during a write comes right after it", async () => {
  const gate = Promise.withResolvers<void>();
  let writes = 0;
  const behind = new WriteBehind(log, async () => {
    writes += 1;
    if (writes === 1) await gate.promise;
  });
  const first = behind.request();
  await vi.advanceTimersByTimeAsync(0);
  const second = behind.request();
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
    void behind.request();
    gate.resolve();
    for (let step = 0; step < steps; step++) await Promise.resolve();
    await behind.request();
    expect(written, `${steps} steps later`).toBe(2);
  }
});
