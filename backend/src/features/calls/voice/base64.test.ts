import fc from "fast-check";
import { expect, it } from "vitest";
import { base64Length, decodeBase64, encodeBase64 } from "./base64.ts";

const out = Buffer.alloc(8_190);

it("agrees with Node", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => {
      const text = Buffer.from(bytes).toString("base64");
      const end = encodeBase64(bytes, bytes.length, out, 3);
      expect(out.toString("latin1", 3, end)).toBe(text);
      expect(base64Length(bytes.length)).toBe(text.length);
      const room = Buffer.alloc(8_190);
      const length = decodeBase64(Buffer.from(text), room);
      expect(length).toBe(bytes.length === 0 ? -1 : bytes.length);
      if (length > 0) expect(room.subarray(0, length).equals(bytes)).toBe(true);
    }),
  );
});

it("refuses what is not base64", () => {
  for (const text of ["", "abc", "ab c", "%%%%", 'a"bc', "ab=c", "====", "ab-_", "אבגד"]) {
    expect(decodeBase64(Buffer.from(text), out), text).toBe(-1);
  }
});

it("stops where the room ends", () => {
  const text = Buffer.from(Buffer.alloc(900, 7).toString("base64"));
  expect(decodeBase64(text, Buffer.alloc(300))).toBe(300);
  expect(decodeBase64(Buffer.from("AAA="), Buffer.alloc(1))).toBe(0);
});
