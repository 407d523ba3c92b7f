/**
 * Base64 between byte buffers, for the frames that come and go fifty times a second a call:
 * no string is made on the way, and decoding tells what is not base64.
 */

const alphabet = Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
const padding = 0x3d;
const invalid = 0x40;

const values = new Uint8Array(256).fill(invalid);
for (let i = 0; i < alphabet.length; i++) values[alphabet[i]!] = i;

/** Writes `length` bytes as base64 into `out` from `at`; returns the end of what was written. */
export function encodeBase64(
  bytes: Uint8Array,
  length: number,
  out: Uint8Array,
  at: number,
): number {
  const whole = length - (length % 3);
  let i = 0;
  let o = at;
  for (; i < whole; i += 3) {
    const bits = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!;
    out[o++] = alphabet[bits >> 18]!;
    out[o++] = alphabet[(bits >> 12) & 63]!;
    out[o++] = alphabet[(bits >> 6) & 63]!;
    out[o++] = alphabet[bits & 63]!;
  }
  if (i === length) return o;
  const two = length - i === 2;
  const bits = (bytes[i]! << 16) | (two ? bytes[i + 1]! << 8 : 0);
  out[o++] = alphabet[bits >> 18]!;
  out[o++] = alphabet[(bits >> 12) & 63]!;
  out[o++] = two ? alphabet[(bits >> 6) & 63]! : padding;
  out[o++] = padding;
  return o;
}

/** How many characters `length` bytes become. */
export function base64Length(length: number): number {
  return Math.ceil(length / 3) * 4;
}

/**
 * Decodes padded base64 into `out`, as far as that has room in whole groups of three.
 * @returns the number of bytes, or −1 when the text is not base64
 */
export function decodeBase64(text: Uint8Array, out: Uint8Array): number {
  const { length } = text;
  if (length === 0 || length % 4 !== 0) return -1;
  const pad = text[length - 1] !== padding ? 0 : text[length - 2] !== padding ? 1 : 2;
  const whole = Math.min(pad === 0 ? length : length - 4, Math.floor(out.length / 3) * 4);
  let seen = 0;
  let o = 0;
  for (let i = 0; i < whole; i += 4) {
    const a = values[text[i]!]!;
    const b = values[text[i + 1]!]!;
    const c = values[text[i + 2]!]!;
    const d = values[text[i + 3]!]!;
    seen |= a | b | c | d;
    out[o++] = (a << 2) | (b >> 4);
    out[o++] = (b << 4) | (c >> 2);
    out[o++] = (c << 6) | d;
  }
  if (pad > 0 && whole === length - 4 && o + 2 < out.length) {
    const a = values[text[whole]!]!;
    const b = values[text[whole + 1]!]!;
    const c = pad === 1 ? values[text[whole + 2]!]! : 0;
    seen |= a | b | c;
    out[o++] = (a << 2) | (b >> 4);
    if (pad === 1) out[o++] = (b << 4) | (c >> 2);
  }
  return seen & invalid ? -1 : o;
}
