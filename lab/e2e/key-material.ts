/** What libsignal and Baileys call their secrets, and how Node prints bytes. */
const named =
  /privKey|privateKey|rootKey|chainKey|SessionEntry|noiseKey|advSecret|<Buffer |"Buffer"/;
/** Thirty-two bytes, the length of every key, in base64 or hex. */
const in_base64 = /(?<![\w+/=])[\w+/-]{43}=(?![\w+/=])/;
const in_hex = /(?<![\da-f])[\da-f]{64}(?![\da-f])/i;

/** The lines of a log that hold a key or something that looks like one. */
export function keyMaterial(lines: readonly string[]): string[] {
  return lines.filter((line) => [named, in_base64, in_hex].some((pattern) => pattern.test(line)));
}
