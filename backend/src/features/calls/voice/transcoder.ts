import { encodeSample, linear } from "./mulaw.ts";
import { Downsampler, Upsampler } from "./resample.ts";

/** Between the telephone's µ-law and a model that speaks 24 kHz PCM16, one per call. */
export class PcmTranscoder {
  private readonly up = new Upsampler();
  private readonly down = new Downsampler();
  private odd: Buffer = Buffer.alloc(0);

  /** µ-law 8 kHz → PCM16 little-endian 24 kHz. */
  toModel(mulaw: Uint8Array): Buffer {
    const samples = new Int16Array(mulaw.length);
    for (let i = 0; i < mulaw.length; i++) samples[i] = linear[mulaw[i]!]!;
    const up = this.up.push(samples);
    const pcm = Buffer.allocUnsafe(up.length * 2);
    for (let i = 0; i < up.length; i++) pcm.writeInt16LE(up[i]!, i * 2);
    return pcm;
  }

  /** PCM16 little-endian 24 kHz → µ-law 8 kHz. A half sample waits for its other half. */
  toTelephone(pcm: Buffer): Buffer {
    const whole = this.odd.length > 0 ? Buffer.concat([this.odd, pcm]) : pcm;
    const samples = new Int16Array(whole.length >> 1);
    for (let i = 0; i < samples.length; i++) samples[i] = whole.readInt16LE(i * 2);
    this.odd = whole.length % 2 === 1 ? whole.subarray(-1) : Buffer.alloc(0);
    const down = this.down.push(samples);
    const mulaw = Buffer.allocUnsafe(down.length);
    for (let i = 0; i < down.length; i++) mulaw[i] = encodeSample(down[i]!);
    return mulaw;
  }
}
