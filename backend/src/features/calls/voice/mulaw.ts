/**
 * G.711 µ-law at 8 kHz: one byte a sample, 8 bytes a millisecond.
 * Levels are dBFS, 0 being a full-scale 16-bit signal; digital silence is `silence_db`.
 */

export const bytes_per_ms = 8;
export const frame_ms = 20;
export const frame_bytes = frame_ms * bytes_per_ms;
/** µ-law for zero. */
export const silence_byte = 0xff;
/** What a frame of zeros counts as: just below the quietest step µ-law can express. */
export const silence_db = -78;

const bias = 0x84;
const clip = 32_635;
const full_scale_squared = 32_768 * 32_768;

function expand(byte: number): number {
  const inverted = ~byte & 0xff;
  const magnitude = (((inverted & 0x0f) << 3) + bias) << ((inverted >> 4) & 7);
  return inverted & 0x80 ? bias - magnitude : magnitude - bias;
}

/** Samples by µ-law byte. */
export const linear: Int16Array = Int16Array.from({ length: 256 }, (_, byte) => expand(byte));

const squares = Float64Array.from(linear, (sample) => sample * sample);

/** One 16-bit sample → µ-law byte; samples beyond the range are clipped. */
export function encodeSample(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), clip) + bias;
  const exponent = 24 - Math.clz32(magnitude);
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
}

/** Mean square of `length` bytes from `from`; 0 for an empty range. Allocates nothing. */
export function meanSquare(bytes: Uint8Array, from: number, length: number): number {
  if (length <= 0) return 0;
  let sum = 0;
  for (let i = from, end = from + length; i < end; i++) sum += squares[bytes[i]!]!;
  return sum / length;
}

/** Mean square of 16-bit samples → dBFS. */
export function toDb(mean_square: number): number {
  if (mean_square <= 0) return silence_db;
  return Math.max(silence_db, 10 * Math.log10(mean_square / full_scale_squared));
}

/** dBFS → the root mean square on the 16-bit scale, as people read it in logs. */
export function toRms(db: number): number {
  return db <= silence_db ? 0 : Math.round(32_768 * 10 ** (db / 20));
}
