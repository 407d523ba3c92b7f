import fc from "fast-check";
import { expect, it } from "vitest";
import { heardText, sameWords } from "./heard-text.ts";

it("cuts at a word", () => {
  const text = "אנחנו פתוחים מתשע בבוקר";
  expect(heardText(text, 0, 2_000)).toBe("");
  expect(heardText(text, 300, 2_000)).toBe("");
  expect(heardText(text, 900, 2_000)).toBe("אנחנו");
  expect(heardText(text, 1_100, 2_000)).toBe("אנחנו פתוחים");
  expect(heardText(text, 2_000, 2_000)).toBe(text);
});

it("is always a beginning of the text, and grows with time", () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(5_000), fc.nat(5_000), fc.nat(5_000), (text, a, b, total) => {
      const [less, more] = [Math.min(a, b), Math.max(a, b)];
      const short = heardText(text, less, total);
      const long = heardText(text, more, total);
      expect(text.startsWith(short)).toBe(true);
      expect(long.startsWith(short)).toBe(true);
    }),
  );
});

it("knows the same words by points, signs and a slip", () => {
  expect(sameWords("שלום, איך אפשר לעזור?", "שלום איך אפשר לעזור")).toBe(true);
  expect(sameWords("שָׁלוֹם", "שלום")).toBe(true);
  expect(sameWords("אחת שתיים שלוש ארבע חמש", "אחת שתיים שלוש ארבע שש")).toBe(true);
  expect(sameWords("שלום, איך אפשר לעזור?", "היי, מה שלומך?")).toBe(false);
  expect(sameWords("שלום", "")).toBe(false);
});
