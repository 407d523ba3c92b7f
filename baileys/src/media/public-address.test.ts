import { expect, test } from "vitest";
import { isPublic } from "./public-address.ts";

test.each([
  ["8.8.8.8", true],
  ["31.13.64.51", true],
  ["2a03:2880:f21f:c5:face:b00c:0:167", true],
  ["127.0.0.1", false],
  ["10.1.2.3", false],
  ["172.31.0.1", false],
  ["192.168.1.1", false],
  ["169.254.169.254", false],
  ["100.64.0.1", false],
  ["0.0.0.0", false],
  ["224.0.0.1", false],
  ["255.255.255.255", false],
  ["::1", false],
  ["fe80::1", false],
  ["fd00::1", false],
  ["::ffff:8.8.8.8", false],
  ["2002:7f00:1::", false],
  ["64:ff9b::7f00:1", false],
  ["not an address", false],
])("%s: %s", (address, expected) => {
  expect(isPublic(address)).toBe(expected);
});
