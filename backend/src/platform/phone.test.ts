import { expect, test } from "vitest";
import { normalisePhone, regionOf } from "./phone.ts";

test.each([
  ["+972501234567", "+972501234567"],
  ["+972 50-123-4567", "+972501234567"],
  ["050-1234567", "+972501234567"],
  ["972501234567", "+972501234567"],
  ["00972501234567", "+972501234567"],
  ["whatsapp:+972501234567", "+972501234567"],
  ["03-123-4567", "+97231234567"],
  ["+14155550100", "+14155550100"],
  ["14155550100", "+14155550100"],
  ["whatsapp:14155550100", "+14155550100"],
  ["447700900123", "+447700900123"],
  ["+15005550006", "+15005550006"],
])("%s is %s", (given, wanted) => expect(normalisePhone(given)).toBe(wanted));

test.each([
  "",
  "   ",
  "abc",
  "12",
  "+",
  "+12",
  "050-1234567 ext 5",
  "call me at 0501234567",
  "0501234567890123456",
  "0".repeat(50),
  "'; drop table users",
  "+491234",
  "+49301234567890123",
])("%j is no number", (given) => expect(normalisePhone(given)).toBeNull());

test("a local form is read in the given country", () => {
  expect(normalisePhone("(415) 555-0100", "US")).toBe("+14155550100");
  expect(normalisePhone("07400 123456", "GB")).toBe("+447400123456");
});

test("the country of a number; Israel where none is known", () => {
  expect(regionOf("+14155550100")).toBe("US");
  expect(regionOf("+97231234567")).toBe("IL");
  expect(regionOf(null)).toBe("IL");
});
