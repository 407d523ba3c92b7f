/**
 * A recogniser for the recorded sentences: it compares the received sound with each of them.
 *
 * Features are band energies in dB every 10 ms; the score is Pearson's correlation over time and
 * frequency at the best alignment. Gain, noise and cut edges change it little, other words much.
 */
import { phrases, type Phrase } from "./library.ts";
import { decodeMulaw } from "./mulaw.ts";

const hop = 80;
const window = 200;
const depth_db = 30;
const bands = [250, 350, 450, 560, 700, 860, 1050, 1270, 1530, 1830, 2180, 2580, 3050];

interface Features {
  frames: number;
  cells: Float32Array;
}

const hann = Float32Array.from({ length: window }, (_, i) => {
  return 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (window - 1));
});

/** Energy at one frequency (Goertzel) of the window that starts at `at`. */
function energy(samples: Int16Array, at: number, hz: number): number {
  const factor = 2 * Math.cos((2 * Math.PI * hz) / 8000);
  let one = 0;
  let two = 0;
  for (let i = 0; i < window; i++) {
    const next = (samples[at + i] ?? 0) * (hann[i] ?? 0) + factor * one - two;
    two = one;
    one = next;
  }
  return one * one + two * two - factor * one * two;
}

function features(samples: Int16Array): Features {
  const frames = Math.max(0, Math.floor((samples.length - window) / hop) + 1);
  const cells = new Float32Array(frames * bands.length);
  let loudest = -Infinity;
  for (let frame = 0; frame < frames; frame++) {
    for (const [band, hz] of bands.entries()) {
      const db = 10 * Math.log10(energy(samples, frame * hop, hz) + 1);
      cells[frame * bands.length + band] = db;
      loudest = Math.max(loudest, db);
    }
  }
  const above = (db: number) => Math.max(0, db - (loudest - depth_db));
  return { frames, cells: cells.map(above) };
}

/** Correlation of the whole reference with the sound from frame `at`; outside it is silence. */
function correlation(sound: Features, reference: Features, at: number): number {
  const count = reference.cells.length;
  const shift = at * bands.length;
  let sx = 0;
  let sy = 0;
  let sxx = 0;
  let syy = 0;
  let sxy = 0;
  for (let i = 0; i < count; i++) {
    const x = reference.cells[i] ?? 0;
    const y = sound.cells[i + shift] ?? 0;
    sx += x;
    sy += y;
    sxx += x * x;
    syy += y * y;
    sxy += x * y;
  }
  const spread = (count * sxx - sx * sx) * (count * syy - sy * sy);
  return spread > 0 ? (count * sxy - sx * sy) / Math.sqrt(spread) : 0;
}

function align(sound: Features, reference: Features): { score: number; at: number } {
  const best = { score: -1, at: 0 };
  const consider = (at: number) => {
    const score = correlation(sound, reference, at);
    if (score > best.score) Object.assign(best, { score, at });
  };
  const slack = reference.frames >> 2;
  for (let at = -slack; at <= sound.frames - reference.frames + slack; at += 2) consider(at);
  const centre = best.at;
  for (const at of [centre - 1, centre + 1]) consider(at);
  return best;
}

/** How alike `sound` and the best stretch of it are to `reference`: −1 to 1. Both µ-law 8 kHz. */
export function similarity(sound: Uint8Array, reference: Uint8Array): number {
  return align(features(decodeMulaw(sound)), features(decodeMulaw(reference))).score;
}

export interface Recognised {
  phrase: Phrase;
  score: number;
  /** Where it begins in the sound. */
  at_ms: number;
}

/** Below this a sentence counts as not said; the tests show both sides of it. */
const recognised_score = 0.72;

const known = [...phrases.values()]
  .filter(({ role }) => role === "caller")
  .map((entry) => ({ phrase: entry, reference: features(decodeMulaw(entry.audio)) }));

/** The callers' sentences in `sound` (µ-law, 8 kHz), in the order they were said. */
export function recognise(sound: Uint8Array): Recognised[] {
  const heard = features(decodeMulaw(sound));
  const found = known
    .map(({ phrase, reference }) => {
      return { phrase, frames: reference.frames, ...align(heard, reference) };
    })
    .filter(({ score }) => score >= recognised_score)
    .toSorted((a, b) => b.score - a.score);
  const kept: typeof found = [];
  for (const one of found) {
    const overlaps = kept.some((other) => {
      const shared =
        Math.min(one.at + one.frames, other.at + other.frames) - Math.max(one.at, other.at);
      return shared > 0.2 * Math.min(one.frames, other.frames);
    });
    if (!overlaps) kept.push(one);
  }
  return kept
    .toSorted((a, b) => a.at - b.at)
    .map(({ phrase, score, at }) => ({ phrase, score, at_ms: at * 10 }));
}

/** What was said, as text; empty when no sentence is recognised. */
export function transcribe(sound: Uint8Array): string {
  return recognise(sound)
    .map(({ phrase }) => phrase.text)
    .join(" ");
}
