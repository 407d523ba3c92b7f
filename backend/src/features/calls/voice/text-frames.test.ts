import fc from "fast-check";
import { expect, it } from "vitest";
import { TextFrames } from "./text-frames.ts";

/** Reads frames as the other side does. */
function messages(bytes: Buffer, side: "server" | "client" = "server"): string[] {
  const found: string[] = [];
  for (let at = 0; at < bytes.length;) {
    expect(bytes[at]).toBe(0x81);
    expect(bytes[at + 1]! >> 7).toBe(side === "client" ? 1 : 0);
    const short = bytes[at + 1]! & 0x7f;
    const length = short < 126 ? short : bytes.readUInt16BE(at + 2);
    at += short < 126 ? 2 : 4;
    const key = bytes.subarray(at, at + 4);
    if (side === "client") at += 4;
    const text = Buffer.from(bytes.subarray(at, at + length));
    if (side === "client") text.forEach((byte, i) => (text[i] = byte ^ key[i % 4]!));
    found.push(text.toString("utf8"));
    at += length;
  }
  return found;
}

it("makes frames of any size, in one write a flush", () => {
  const sizes = fc.array(fc.oneof(fc.nat(400), fc.nat(20_000)), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(sizes, fc.boolean(), fc.boolean(), (lengths, each, client) => {
      const written: Buffer[] = [];
      const side = client ? "client" : "server";
      const wire = { write: (bytes: Uint8Array) => written.push(Buffer.from(bytes)) };
      const frames = new TextFrames(wire, side);
      const sent = lengths.map((length, i) => String(i % 10).repeat(length));
      for (const message of sent) {
        frames.add(message);
        if (each) frames.flush();
      }
      frames.flush();
      expect(messages(Buffer.concat(written), side)).toEqual(sent);
    }),
  );
});

it("puts audio between prefix and suffix", () => {
  const written: Buffer[] = [];
  const frames = new TextFrames({ write: (bytes) => written.push(Buffer.from(bytes)) }, "server");
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
  const frames = new TextFrames({ write: (bytes) => written.push(bytes) }, "server");
  for (let i = 0; i < 400; i++) {
    frames.add(`${i}`.padEnd(300, "x"));
    frames.flush();
  }
  const sent = written.flatMap((bytes) => messages(Buffer.from(bytes)));
  expect(sent.map((message) => Number.parseInt(message, 10))).toEqual([...sent.keys()]);
});

it("a client's keys are new for each frame", () => {
  const written: Buffer[] = [];
  const wire = { write: (bytes: Uint8Array) => written.push(Buffer.from(bytes)) };
  const frames = new TextFrames(wire, "client");
  for (let i = 0; i < 3_000; i++) {
    frames.addBytes(Buffer.from("same"), Buffer.from(" text"));
    frames.flush();
  }
  const keys = new Set(written.map((bytes) => bytes.readUInt32BE(2)));
  expect(keys.size).toBeGreaterThan(2_990);
  expect(messages(written[7]!, "client")).toEqual(["same text"]);
});
