/**
 * The part of a text that was spoken in `played_ms` of `total_ms`: whole words, at an even pace.
 */
export function heardText(text: string, played_ms: number, total_ms: number): string {
  if (played_ms <= 0 || total_ms <= 0) return "";
  if (played_ms >= total_ms) return text;
  const end = Math.round((text.length * played_ms) / total_ms);
  if (end >= text.length) return text;
  const cut = text.slice(0, end);
  if (/\s/.test(text[end]!)) return cut.trimEnd();
  const space = cut.search(/\s\S*$/);
  return space < 0 ? "" : cut.slice(0, space).trimEnd();
}

/** Whether two sentences are the same but for points, vowel signs and a slip or two. */
export function sameWords(a: string, b: string): boolean {
  const [left, right] = [words(a), words(b)];
  const longer = Math.max(left.length, right.length);
  if (longer === 0) return true;
  const rest = [...right];
  let shared = 0;
  for (const word of left) {
    const at = rest.indexOf(word);
    if (at < 0) continue;
    rest.splice(at, 1);
    shared++;
  }
  return shared / longer >= 0.8;
}

function words(text: string): string[] {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.match(/[\p{L}\p{N}]+/gu) ?? [];
}
