import { expect, test } from "vitest";
import { atOnce } from "./at-once.ts";

test("all get their turn, never more than so many at once", async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  await atOnce(5, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], async (item) => {
    most = Math.max(most, (running += 1));
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    done.push(item);
  });
  expect(most).toBe(5);
  expect(done).toHaveLength(12);
});
