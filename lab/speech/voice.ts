import { z } from "zod";
import { phrases, recording } from "./library.ts";

const sizes = z.strictObject({
  letters: z.array(z.string()),
  ulaw: z.array(z.number()),
  mp3: z.array(z.number()),
});
const digits = ["אפס", "אחת", "שתיים", "שלוש", "ארבע", "חמש", "שש", "שבע", "שמונה", "תשע"];
const finals: Readonly<Record<string, string>> = { ך: "כ", ם: "מ", ן: "נ", ף: "פ", ץ: "צ" };
const vowels = "אהויע";
const silence = 0xff;

const index = sizes.parse(JSON.parse(recording("syllables.json").toString()));
const spoken = slices(recording("syllables.ulaw"), index.ulaw);
const encoded = slices(recording("syllables.mp3"), index.mp3);
const sentences = new Map([...phrases.values()].map(({ text, audio }) => [text, audio]));

/**
 * The simulated agent's voice: `text` as 8 kHz µ-law. A recorded sentence is played as it is;
 * anything else is joined from one syllable a letter. The same text is always the same bytes.
 */
export function speak(text: string): Buffer {
  const sentence = sentences.get(text.trim());
  if (sentence) return sentence;
  const parts = letters(text).map((letter) => {
    if (letter === " ") return Buffer.alloc(40 * 8, silence);
    if (letter === ".") return Buffer.alloc(180 * 8, silence);
    return spoken.get(letter) ?? Buffer.alloc(0);
  });
  return Buffer.concat(parts);
}

/** The same voice as 24 kHz mono MP3, without pauses. Empty text gives one syllable. */
export function speakMp3(text: string): Buffer {
  const parts = letters(text).flatMap((letter) => encoded.get(letter) ?? []);
  return Buffer.concat(parts.length > 0 ? parts : [...encoded.values()].slice(0, 1));
}

function slices(data: Buffer, lengths: number[]): Map<string, Buffer> {
  let at = 0;
  return new Map(
    lengths.map((length, i) => [index.letters[i] ?? "", data.subarray(at, (at += length))]),
  );
}

/**
 * Hebrew letters, " " between words and "." for a pause; other letters are mapped to Hebrew.
 * Letters that are mostly vowels sound only at the start of a word, as in speech.
 */
function letters(text: string): string[] {
  const words = text.replace(/\d/g, (digit) => ` ${digits[Number(digit)]} `).trim();
  const chars = [...words.replace(/\s+/g, " ")];
  return chars.flatMap((char, i) => {
    if (char === " ") return char;
    if (/[.,:;?!–—-]/u.test(char)) return ".";
    const letter = finals[char] ?? char;
    const starts = i === 0 || chars[i - 1] === " ";
    if (vowels.includes(letter) && !starts) return [];
    if (spoken.has(letter)) return letter;
    if (!/\p{Letter}/u.test(char)) return [];
    return index.letters[(char.codePointAt(0) ?? 0) % index.letters.length] ?? [];
  });
}
