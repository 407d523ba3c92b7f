import fc from "fast-check";
import { expect, it } from "vitest";
import { TextFrames } from "./text-frames.ts";

/** Reads unmasked frames as a client does. */
function messages(bytes: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at < bytes.length;) {
    expect(bytes[at]).toBe(0x81);
    const short = bytes[at + 1]!;
    const length = short < 126 ? short : bytes.readUInt16BE(at + 2);
    at += short < 126 ? 2 : 4;
    found.push(bytes.toString("utf8", at, at + length));
    at += length;
  }
  return found;
}

it("makes frames of any size, in one write a flush", () => {
  const sizes = fc.array(fc.oneof(fc.nat(400), fc.nat(20_000)), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(sizes, fc.boolean(), (lengths, each) => {
      const written: Buffer[] = [];
      const frames = new TextFrames({ write: (bytes) => written.push(Buffer.from(bytes)) });
      const sent = lengths.map((length, i) => String(i % 10).repeat(length));
      for (const message of sent) {
        frames.add(message);
        if (each) frames.flush();
      }
      frames.flush();
      expect(messages(Buffer.concat(written))).toEqual(sent);
    }),
  );
});

it("puts audio between prefix and suffix", () => {
  const written: Buffer[] = [];
  const frames = new TextFrames({ write: (bytes) => written.push(Buffer.from(bytes)) });
  const audio = Buffer.alloc(160, 5);
  frames.addBase64(Buffer.from('{"a":"'), audio, Buffer.from('"}'));
  frames.add("next");
  frames.flush();
  frames.flush();
  expect(written).toHaveLength(1);
  expect(messages(written[0]!)).toEqual([`{"a":"${audio.toString("base64")}"}`, "next"]);
});

it("never changes what was handed to the socket", () => {
  const written: Uint8Array[] = [];
  const frames = new TextFrames({ write: (bytes) => written.push(bytes) });
  for (let i = 0; i < 400; i++) {
    frames.add(`${i}`.padEnd(300, "x"));
    frames.flush();
  }
  const sent = written.flatMap((bytes) => messages(Buffer.from(bytes)));
  expect(sent.map((message) => Number.parseInt(message, 10))).toEqual([...sent.keys()]);
});
