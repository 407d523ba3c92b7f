/** One clause of what a person said, as plain lower-case words. */
export interface Clause {
  words: string[];
  /** It ended with a question mark. */
  asked: boolean;
}

const VOWEL_POINTS = /[\u0591-\u05bd\u05bf-\u05c7]/g;
const QUOTES_IN_WORDS = /(?<=\p{L})['"׳״’](?=\p{L}|$|\s)/gu;
// A colon, dot or slash between digits belongs to a time or a date.
const SEPARATORS = /(?<!\d)[:./]|[:./](?!\d)|[^\p{L}\p{N}:./]+/gu;

/** Splits a transcript into clauses and words; punctuation, niqqud and letter case are dropped. */
export function clausesOf(text: string): Clause[] {
  const plain = text.normalize("NFKC").replace(VOWEL_POINTS, "").toLowerCase();
  const pieces = plain.match(/[^?!;\n.]*(?:\.(?=\d)[^?!;\n.]*)*[?!;\n.]*/g) ?? [];
  return pieces
    .map((piece) => ({ words: wordsOf(piece), asked: piece.includes("?") }))
    .filter((clause) => clause.words.length > 0);
}

function wordsOf(piece: string): string[] {
  return piece
    .replace(QUOTES_IN_WORDS, "")
    .replace(SEPARATORS, " ")
    .split(" ")
    .filter((word) => word !== "");
}
