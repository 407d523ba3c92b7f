import { expect, test } from "vitest";
import { createPace } from "./pace.ts";

const rates = { account: { burst: 3, every_ms: 100 }, contact: { burst: 2, every_ms: 1000 } };

test("a contact gets its burst, then waits for its turn", () => {
  const pace = createPace(rates);
  expect([pace.take("a", 0), pace.take("a", 0), pace.take("a", 0)]).toEqual([0, 0, 1000]);
  expect(pace.take("a", 400)).toBe(600);
  expect(pace.take("a", 1000)).toBe(0);
});

test("another contact does not wait for it, but for the account", () => {
  const pace = createPace(rates);
  for (const contact of ["a", "b", "c"]) expect(pace.take(contact, 0)).toBe(0);
  expect(pace.take("d", 0)).toBe(100);
  expect(pace.take("d", 100)).toBe(0);
});

test("waiting takes nothing", () => {
  const pace = createPace(rates);
  pace.take("a", 0);
  pace.take("a", 0);
  for (let n = 0; n < 5; n++) pace.take("a", 1);
  expect(pace.take("b", 1)).toBe(0);
});

test("a clock that is put back by an hour holds nothing back", () => {
  const pace = createPace(rates);
  const ahead = 3_600_000;
  pace.take("a", ahead);
  expect(pace.take("a", 0)).toBe(0);
  expect(pace.take("a", 0)).toBe(1000);
  expect(pace.take("a", 1000)).toBe(0);
});
