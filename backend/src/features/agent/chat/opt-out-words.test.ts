import { expect, test } from "vitest";
import { optWord } from "./opt-out-words.ts";

test.each([
  ["הסר", "out"],
  [" הָסֵר! ", "out"],
  ["«הפסק».", "out"],
  ["STOP", "out"],
  ["Opt-out", "out"],
  ["unsubscribe\n", "out"],
  ["התחל", "in"],
  ["START", "in"],
  ["תפסיק להציע לי את יום שלישי", null],
  ["please don't stop", null],
  ["ביטול", null],
  ["cancel", null],
  ["", null],
  [null, null],
])("%j", (text, meaning) => {
  expect(optWord(text)).toBe(meaning);
});
