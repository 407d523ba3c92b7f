/** A stretch of a message, as WhatsApp's own apps show it. */
export interface Span {
  text: string;
  style?: "bold" | "italic" | "strike" | "code";
  /** Where a link leads. */
  href?: string;
  /** E.164. */
  phone?: string;
}

const URL = /https?:\/\/[^\s<>"']*[^\s<>"'.,:;!?)\]]/;
const PHONE = /\+\d{8,15}\b/;
const CODE = /```([^`]+)```/;
/** A mark stands at the outside of a word: `2*3*4` is no bold 3. */
const marked = (mark: string) =>
  new RegExp(
    `(?<![\\p{L}\\p{N}${mark}])${mark}(?=\\S)([^${mark}\\n]+)(?<=\\S)${mark}(?![\\p{L}\\p{N}${mark}])`,
    "u",
  );

const RULES: { pattern: RegExp; span: (match: RegExpExecArray) => Span }[] = [
  { pattern: CODE, span: ([, text = ""]) => ({ text, style: "code" }) },
  { pattern: URL, span: ([text]) => ({ text, href: text }) },
  { pattern: PHONE, span: ([text]) => ({ text, phone: text }) },
  { pattern: marked("\\*"), span: ([, text = ""]) => ({ text, style: "bold" }) },
  { pattern: marked("_"), span: ([, text = ""]) => ({ text, style: "italic" }) },
  { pattern: marked("~"), span: ([, text = ""]) => ({ text, style: "strike" }) },
];

/** Splits a message's words by WhatsApp's marks, links and phone numbers. */
export function richText(text: string): Span[] {
  const spans: Span[] = [];
  for (let rest = text; rest;) {
    const [next] = RULES.flatMap(({ pattern, span }) => {
      const match = pattern.exec(rest);
      return match ? [{ match, span }] : [];
    }).toSorted((a, b) => a.match.index - b.match.index);
    if (!next) return [...spans, { text: rest }];
    const { match, span } = next;
    if (match.index) spans.push({ text: rest.slice(0, match.index) });
    spans.push(span(match));
    rest = rest.slice(match.index + match[0].length);
  }
  return spans;
}

const EMOJI = /^(?:\p{RGI_Emoji}\s*){1,3}$/v;

/** One to three emoji and nothing else, which are shown large. */
export const isEmojiOnly = (text: string) => EMOJI.test(text.trim());
