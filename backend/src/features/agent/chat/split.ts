/** Twilio takes 1600 characters in a WhatsApp message, WhatsApp itself 4096. */
const LIMIT = 1500;
/** What fits is still easier to read in pieces when it is longer than this. */
const COMFORTABLE = 900;

/**
 * An answer as WhatsApp messages: whole paragraphs together as long as they are comfortable to read,
 * and only what is too long by itself cut at lines, sentences, words, and at last characters.
 * Markdown that WhatsApp does not know is turned into what it knows.
 */
export function splitAnswer(text: string): string[] {
  const plain = whatsappMarks(text).trim();
  return pack(pieces(plain, LIMIT, 0), COMFORTABLE);
}

interface Piece {
  text: string;
  /** What stood between it and the piece before. */
  glue: string;
}

/** How a piece that is too long is cut, coarsest first. */
const CUTS: readonly ((text: string) => Piece[])[] = [
  (text) => between(text, /\n{2,}/, "\n\n"),
  (text) => between(text, /\n/, "\n"),
  (text) => segments(text, "sentence"),
  (text) => between(text, /\s+/, " "),
  (text) => segments(text, "grapheme"),
];

function pieces(text: string, limit: number, level: number): Piece[] {
  if (level > 0 && text.length <= limit) return [{ text, glue: "" }];
  return CUTS[level]!(text).flatMap(({ text: piece, glue }) => {
    if (piece.length <= limit || level === CUTS.length - 1) return [{ text: piece, glue }];
    const [first, ...rest] = pieces(piece, limit, level + 1);
    return [{ ...first!, glue }, ...rest];
  });
}

/** Puts pieces together again, in their order. Paragraphs part when a message gets too long. */
function pack(all: readonly Piece[], comfortable: number): string[] {
  const parts: string[] = [];
  for (const { text, glue } of all) {
    const last = parts.at(-1);
    const limit = glue === "\n\n" ? comfortable : LIMIT;
    if (last !== undefined && last.length + glue.length + text.length <= limit) {
      parts[parts.length - 1] = last + glue + text;
    } else {
      parts.push(text);
    }
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

function between(text: string, gap: RegExp, glue: string): Piece[] {
  return text
    .split(gap)
    .filter((piece) => piece.trim() !== "")
    .map((piece) => ({ text: piece, glue }));
}

function segments(text: string, granularity: "sentence" | "grapheme"): Piece[] {
  const found = new Intl.Segmenter("he", { granularity }).segment(text);
  return [...found].map(({ segment }) => ({ text: segment, glue: "" }));
}

function whatsappMarks(text: string): string {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(/^#{1,6}[ \t]+(.+)$/gm, "*$1*")
    .replace(/\*\*([^*\n]+)\*\*/g, "*$1*")
    .replace(/\[([^\]\n]+)\]\((https?:\/\/[^)\s]+)\)/g, "$1: $2");
}
