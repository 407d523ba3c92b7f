/** G.711 µ-law and the two sample rates the telephone and the model use. */

const bias = 0x84;
const clip = 32_635;

function expand(byte: number): number {
  const inverted = ~byte & 0xff;
  const exponent = (inverted >> 4) & 7;
  const magnitude = (((inverted & 0x0f) << 3) + bias) << exponent;
  return inverted & 0x80 ? bias - magnitude : magnitude - bias;
}

function compress(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), clip) + bias;
  const exponent = Math.max(0, 24 - Math.clz32(magnitude));
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

const expanded = Int16Array.from({ length: 256 }, (_, byte) => expand(byte));

/** µ-law bytes → 16-bit samples, same rate. */
export function decodeMulaw(bytes: Uint8Array): Int16Array {
  return Int16Array.from(bytes, (byte) => expanded[byte] ?? 0);
}

/** 16-bit samples → µ-law bytes, same rate. Samples beyond the range are clipped. */
export function encodeMulaw(samples: ArrayLike<number>): Buffer {
  const bytes = Buffer.allocUnsafe(samples.length);
  for (let i = 0; i < samples.length; i++) bytes[i] = compress(Math.trunc(samples[i] ?? 0));
  return bytes;
}

/** Little-endian PCM16 bytes → samples. An odd last byte is ignored. */
export function samplesOf(pcm: Buffer): Int16Array {
  const samples = new Int16Array(pcm.length >> 1);
  for (let i = 0; i < samples.length; i++) samples[i] = pcm.readInt16LE(i * 2);
  return samples;
}

/** Samples → little-endian PCM16 bytes. */
export function pcmOf(samples: ArrayLike<number>): Buffer {
  const pcm = Buffer.allocUnsafe(samples.length * 2);
  for (let i = 0; i < samples.length; i++) {
    const sample = Math.round(samples[i] ?? 0);
    pcm.writeInt16LE(Math.max(-32_768, Math.min(32_767, sample)), i * 2);
  }
  return pcm;
}

/** 8 kHz → 24 kHz by linear interpolation. */
export function to24k(samples: Int16Array): Int16Array {
  const out = new Int16Array(samples.length * 3);
  for (let i = 0; i < samples.length; i++) {
    const from = samples[i] ?? 0;
    const step = ((samples[i + 1] ?? from) - from) / 3;
    out[i * 3] = from;
    out[i * 3 + 1] = Math.round(from + step);
    out[i * 3 + 2] = Math.round(from + 2 * step);
  }
  return out;
}

/** 24 kHz → 8 kHz, each sample the mean of three. */
export function to8k(samples: Int16Array): Int16Array {
  const out = new Int16Array(Math.floor(samples.length / 3));
  for (let i = 0; i < out.length; i++) {
    const sum = (samples[i * 3] ?? 0) + (samples[i * 3 + 1] ?? 0) + (samples[i * 3 + 2] ?? 0);
    out[i] = Math.round(sum / 3);
  }
  return out;
}
