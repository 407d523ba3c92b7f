const bitrates_v1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const bitrates_v2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const rates_v1 = [44_100, 48_000, 32_000];

/**
 * Length of an MPEG audio layer III file in milliseconds, by walking its frames.
 * Throws when it does not consist of such frames (an ID3v2 tag in front is allowed).
 */
export function mp3Ms(file: Buffer): number {
  let at = file.toString("latin1", 0, 3) === "ID3" ? 10 + syncsafe(file) : 0;
  let ms = 0;
  while (at + 4 <= file.length && file.toString("latin1", at, at + 3) !== "TAG") {
    const frame = frameAt(file, at);
    if (!frame) throw new Error(`no MP3 frame at byte ${at}`);
    ms += frame.ms;
    at += frame.bytes;
  }
  if (ms === 0) throw new Error("no MP3 frames");
  return ms;
}

function syncsafe(file: Buffer): number {
  return [6, 7, 8, 9].reduce((size, i) => (size << 7) | (file[i] ?? 0), 0);
}

function frameAt(file: Buffer, at: number): { ms: number; bytes: number } | null {
  const header = file.readUInt32BE(at);
  const version = (header >>> 19) & 3;
  const layer3 = ((header >>> 17) & 3) === 1;
  const v1 = version === 3;
  const kbps = (v1 ? bitrates_v1 : bitrates_v2)[(header >>> 12) & 15];
  const base = rates_v1[(header >>> 10) & 3];
  if (header >>> 21 !== 0x7ff || version === 1 || !layer3 || !kbps || !base) return null;
  const rate = base / (v1 ? 1 : version === 2 ? 2 : 4);
  const samples = v1 ? 1152 : 576;
  const bytes = Math.floor((samples * kbps * 125) / rate) + ((header >>> 9) & 1);
  return { ms: (samples * 1000) / rate, bytes };
}
