import { decodeMulaw } from "../../speech/mulaw.ts";

const magnitude = Uint16Array.from(
  decodeMulaw(Uint8Array.from({ length: 256 }, (_, byte) => byte)),
  (sample) => Math.abs(sample),
);
/** Every fourth sample is enough to tell speech from comfort noise. */
const stride = 4;
/** Mean magnitude of a loud frame, about −42 dBFS. */
const loud = 220;
const onset_window = 10;
/** 200 ms of speech begin a turn, as the real service's own delay is. */
const onset_frames = 8;
const hangover_frames = 25;

/** Server-side speech detection, as cheap as can be. */
export class SpeechDetector {
  speaking = false;
  private recent = 0;
  private quiet = 0;

  /** 20 ms of µ-law. */
  frame(bytes: Uint8Array): "started" | "stopped" | null {
    let sum = 0;
    for (let i = 0; i < bytes.length; i += stride) sum += magnitude[bytes[i]!]!;
    const is_loud = sum * stride > loud * bytes.length;
    this.recent = ((this.recent << 1) | (is_loud ? 1 : 0)) & ((1 << onset_window) - 1);
    this.quiet = is_loud ? 0 : this.quiet + 1;
    if (!this.speaking && is_loud && ones(this.recent) >= onset_frames) {
      this.speaking = true;
      return "started";
    }
    if (this.speaking && this.quiet >= hangover_frames) {
      this.speaking = false;
      return "stopped";
    }
    return null;
  }
}

function ones(bits: number): number {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count++;
  return count;
}
