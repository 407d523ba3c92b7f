/** The bytes of a WAV file's data chunk; anything that is no WAV file comes back as it is. */
export function withoutWavHeader(audio: Buffer): Buffer {
  if (audio.toString("latin1", 0, 4) !== "RIFF") return audio;
  for (let at = 12; at + 8 <= audio.length;) {
    const size = audio.readUInt32LE(at + 4);
    if (audio.toString("latin1", at, at + 4) === "data")
      return audio.subarray(at + 8, at + 8 + size);
    at += 8 + size + (size & 1);
  }
  return audio.subarray(audio.length);
}

/** µ-law 8 kHz as a WAV file of 16-bit samples, which every player takes. */
export function wavOfUlaw(ulaw: Buffer): Buffer {
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + ulaw.length * 2, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // mono
  header.writeUInt32LE(8_000, 24);
  header.writeUInt32LE(16_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(ulaw.length * 2, 40);
  const samples = Buffer.alloc(ulaw.length * 2);
  ulaw.forEach((byte, at) => samples.writeInt16LE(LINEAR[byte]!, at * 2));
  return Buffer.concat([header, samples]);
}

/** ITU-T G.711: the sample of each µ-law byte. */
const LINEAR = Int16Array.from({ length: 256 }, (_, byte) => {
  const bits = ~byte & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + 0x84) << ((bits >> 4) & 7)) - 0x84;
  return bits & 0x80 ? -magnitude : magnitude;
});
