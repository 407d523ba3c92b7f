import { decodeMulaw, encodeMulaw, pcmOf, samplesOf, to24k, to8k } from "../../speech/mulaw.ts";
import type { AudioFormat } from "./client-events.ts";

/** Bytes in the session's format → 8 kHz µ-law. */
export function toMulaw(audio: Buffer, format: AudioFormat): Buffer {
  return format.type === "audio/pcmu" ? audio : encodeMulaw(to8k(samplesOf(audio)));
}

/** 8 kHz µ-law → bytes in the session's format. */
export function fromMulaw(audio: Buffer, format: AudioFormat): Buffer {
  return format.type === "audio/pcmu" ? audio : pcmOf(to24k(decodeMulaw(audio)));
}
