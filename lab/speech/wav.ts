import { decodeMulaw, encodeMulaw, samplesOf, to8k } from "./mulaw.ts";

/** A RIFF/WAVE file of mono µ-law at 8 kHz, as Twilio keeps recordings. */
export function mulawWav(audio: Buffer): Buffer {
  const header = Buffer.alloc(46);
  header.write("RIFF", 0);
  header.writeUInt32LE(38 + audio.length, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(18, 16);
  header.writeUInt16LE(7, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(8000, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write("data", 38);
  header.writeUInt32LE(audio.length, 42);
  return Buffer.concat([header, audio]);
}

/**
 * The sound of a mono WAV file as 8 kHz µ-law. Reads µ-law and PCM16 at 8 or 24 kHz.
 * Throws on anything else.
 */
export function mulawOfWav(file: Buffer): Buffer {
  if (file.toString("latin1", 0, 4) !== "RIFF" || file.toString("latin1", 8, 12) !== "WAVE") {
    throw new Error("not a WAV file");
  }
  const chunk = (name: string) => {
    for (let at = 12; at + 8 <= file.length;) {
      const size = file.readUInt32LE(at + 4);
      if (file.toString("latin1", at, at + 4) === name) return file.subarray(at + 8, at + 8 + size);
      at += 8 + size + (size % 2);
    }
    throw new Error(`no ${name} chunk in the WAV file`);
  };
  const format = chunk("fmt ");
  const [codec, channels, rate] = [
    format.readUInt16LE(0),
    format.readUInt16LE(2),
    format.readUInt32LE(4),
  ];
  if (channels !== 1) throw new Error(`${channels} channels`);
  if (codec === 7 && rate === 8000) return chunk("data");
  if (codec === 1 && rate === 8000) return encodeMulaw(samplesOf(chunk("data")));
  if (codec === 1 && rate === 24_000) return encodeMulaw(to8k(samplesOf(chunk("data"))));
  throw new Error(`codec ${codec} at ${rate} Hz`);
}

/** A WAV file of mono PCM16 made from 8 kHz µ-law, at 8 kHz. */
export function pcmWav(audio: Buffer): Buffer {
  const samples = decodeMulaw(audio);
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + samples.length * 2, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(16_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(samples.length * 2, 40);
  return Buffer.concat([header, Buffer.from(samples.buffer)]);
}
