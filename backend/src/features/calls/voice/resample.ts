/**
 * 8 kHz ⇄ 24 kHz, streaming. Both directions share one windowed-sinc low-pass below the
 * telephone's 4 kHz: without it, what lies above folds into the speech band.
 */

const ratio = 3;
const taps = 96;
const cutoff = 3_600 / 24_000;

function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; k < 32; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** Kaiser window, β 8: about 80 dB down in the stop band. Sums to 1. */
const kernel: Float64Array = (() => {
  const middle = (taps - 1) / 2;
  const raw = Float64Array.from({ length: taps }, (_, i) => {
    const x = i - middle;
    const window = bessel(8 * Math.sqrt(1 - (x / middle) ** 2)) / bessel(8);
    return (Math.sin(2 * Math.PI * cutoff * x) / (Math.PI * x)) * window;
  });
  const sum = raw.reduce((a, b) => a + b, 0);
  return raw.map((value) => value / sum);
})();

function clamp(sample: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(sample)));
}

/** 24 kHz in, 8 kHz out. Keeps its place between calls; delay about 2 ms. */
export class Downsampler {
  private history = new Float64Array(taps - 1);
  private phase = 0;

  /** Any number of samples in; about a third of them out. */
  push(samples: Int16Array): Int16Array {
    const input = new Float64Array(this.history.length + samples.length);
    input.set(this.history);
    input.set(samples, this.history.length);
    const out = new Int16Array(Math.ceil((samples.length - this.phase) / ratio));
    let at = this.phase;
    for (let o = 0; o < out.length; o++, at += ratio) {
      let sum = 0;
      for (let k = 0; k < taps; k++) sum += input[at + k]! * kernel[k]!;
      out[o] = clamp(sum);
    }
    this.phase = at - samples.length;
    this.history = input.slice(samples.length);
    return out;
  }
}

/** 8 kHz in, 24 kHz out. Keeps its place between calls; delay about 2 ms. */
export class Upsampler {
  private history = new Float64Array(taps / ratio - 1);

  /** Three samples out for each one in. */
  push(samples: Int16Array): Int16Array {
    const kept = this.history.length;
    const input = new Float64Array(kept + samples.length);
    input.set(this.history);
    input.set(samples, kept);
    const out = new Int16Array(samples.length * ratio);
    for (let i = 0; i < samples.length; i++) {
      for (let phase = 0; phase < ratio; phase++) {
        let sum = 0;
        for (let k = phase, at = i + kept; k < taps; k += ratio, at--) {
          sum += input[at]! * kernel[k]!;
        }
        out[i * ratio + phase] = clamp(sum * ratio);
      }
    }
    this.history = input.slice(samples.length);
    return out;
  }
}
