import { verify } from "@node-rs/argon2";
import { expect, test, vi } from "vitest";
import { createPasswords } from "./passwords.ts";

vi.mock("@node-rs/argon2", { spy: true });

test("a password fits its own hash and no other", async () => {
  const passwords = createPasswords();
  const stored = await passwords.hash("סיסמה ארוכה");
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await passwords.hash("סיסמה ארוכה")).not.toBe(stored);
  expect(await passwords.verify(stored, "סיסמה ארוכה")).toBe(true);
  expect(await passwords.verify(stored, "סיסמה ארוכה ")).toBe(false);
});

test("an account that does not exist costs the same work", async () => {
  expect(await createPasswords().verify(null, "anything")).toBe(false);
  const of_nobody = expect.stringMatching(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(vi.mocked(verify).mock.lastCall).toEqual([of_nobody, "anything"]);
});

test("few hash at a time, the next wait, and what can't wait is refused", async () => {
  const passwords = createPasswords({ concurrency: 1, max_waiting: 2 });
  const order: number[] = [];
  const all = [1, 2, 3, 4, 5].map((n) => passwords.hash(`pw ${n}`).then(() => order.push(n)));
  const ended = await Promise.allSettled(all);
  expect(ended.map((one) => one.status)).toEqual([
    "fulfilled",
    "fulfilled",
    "fulfilled",
    "rejected",
    "rejected",
  ]);
  expect(order).toEqual([1, 2, 3]);
  expect(ended[3]).toMatchObject({ reason: { status: 503, headers: { "Retry-After": "5" } } });
  expect(await passwords.hash("afterwards")).toMatch(/^\$argon2id/);
});
