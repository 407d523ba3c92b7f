import fc from "fast-check";
import { expect, test } from "vitest";
import { splitAnswer } from "./split.ts";

const paragraph = (n: number, length: number) => `${n}${"א".repeat(length - 1)}`;

test("an ordinary answer is one message", () => {
  expect(splitAnswer("  שלום!\n\nאיך אפשר לעזור?\n")).toEqual(["שלום!\n\nאיך אפשר לעזור?"]);
  expect(splitAnswer("")).toEqual([]);
  expect(splitAnswer(" \n\n ")).toEqual([]);
});

test("a long answer parts between paragraphs", () => {
  const [a, b, c] = [paragraph(1, 400), paragraph(2, 400), paragraph(3, 700)];
  expect(splitAnswer([a, b, c].join("\n\n"))).toEqual([`${a}\n\n${b}`, c]);
});

test("a paragraph that is too long parts between its lines, then its sentences", () => {
  const lines = [paragraph(1, 800), paragraph(2, 800)];
  expect(splitAnswer(lines.join("\n"))).toEqual(lines);
  const sentences = [`${"מילה ".repeat(200)}סוף.`, `${"עוד ".repeat(200)}סוף?`];
  expect(splitAnswer(sentences.join(" "))).toEqual(sentences);
});

test("one long word is cut between what the eye sees as characters", () => {
  const family = "👨‍👩‍👧‍👦";
  const parts = splitAnswer(family.repeat(300));
  expect(parts.length).toBeGreaterThan(1);
  for (const part of parts) expect(part.replaceAll(family, "")).toBe("");
});

test("nothing is lost, nothing is too long, the order stays", () => {
  const words = fc.array(fc.constantFrom("שלום", "a", ".", "\n", "\n\n", "?", "12:00", "—"));
  const long = fc.tuple(words, fc.nat(400)).map(([list, n]) => list.join(" ").repeat(n + 1));
  fc.assert(
    fc.property(long, (text) => {
      const parts = splitAnswer(text.slice(0, 20_000));
      const bare = (given: string) => given.replace(/\s+/g, "");
      expect(bare(parts.join(""))).toBe(bare(text.slice(0, 20_000)));
      for (const part of parts) expect(part.length).toBeLessThanOrEqual(1500);
    }),
    { numRuns: 60 },
  );
});

test("Markdown becomes what WhatsApp shows", () => {
  const markdown = "## שעות\n**ראשון**: 9-17\n[אתר](https://shop.example/a)";
  expect(splitAnswer(markdown)).toEqual(["*שעות*\n*ראשון*: 9-17\nאתר: https://shop.example/a"]);
});
