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

/** A socket that takes all at once, or keeps what it was given. */
function socket(keeps = false) {
  const kept: Uint8Array[] = [];
  const taken: Buffer[] = [];
  return {
    kept,
    taken,
    get writableLength() {
      return kept.reduce((sum, { length }) => sum + length, 0);
    },
    write(bytes: Uint8Array) {
      if (keeps) kept.push(bytes);
      else taken.push(Buffer.from(bytes));
    },
  };
}

it("makes frames of any size, in one write a flush", () => {
  const sizes = fc.array(fc.oneof(fc.nat(400), fc.nat(20_000)), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(sizes, fc.boolean(), fc.boolean(), (lengths, each, client) => {
      const side = client ? "client" : "server";
      const wire = socket();
      const frames = new TextFrames(wire, side);
      const sent = lengths.map((length, i) => String(i % 10).repeat(length));
      for (const message of sent) {
        frames.add(message);
        if (each) frames.flush();
      }
      frames.flush();
      expect(messages(Buffer.concat(wire.taken), side)).toEqual(sent);
    }),
  );
});

it("puts audio between prefix and suffix", () => {
  const wire = socket();
  const frames = new TextFrames(wire, "server");
  const audio = Buffer.alloc(160, 5);
  frames.addBase64(Buffer.from('{"a":"'), audio, Buffer.from('"}'));
  frames.add("next");
  frames.flush();
  frames.flush();
  expect(wire.taken).toHaveLength(1);
  expect(messages(wire.taken[0]!)).toEqual([`{"a":"${audio.toString("base64")}"}`, "next"]);
});

it("never changes what the socket still holds", () => {
  const wire = socket(true);
  const frames = new TextFrames(wire, "server");
  for (let i = 0; i < 400; i++) {
    frames.add(`${i}`.padEnd(300, "x"));
    frames.flush();
  }
  const sent = wire.kept.flatMap((bytes) => messages(Buffer.from(bytes)));
  expect(sent.map((message) => Number.parseInt(message, 10))).toEqual([...sent.keys()]);
});

it("uses its memory again once the system has taken it", () => {
  const memory = new Set<ArrayBufferLike>();
  const write = (bytes: Uint8Array) => void memory.add(bytes.buffer);
  const frames = new TextFrames({ writableLength: 0, write }, "server");
  for (let i = 0; i < 1_000; i++) {
    frames.add("x".repeat(300));
    frames.flush();
  }
  expect(memory.size).toBe(1);
});

it("a client's keys are new for each frame", () => {
  const wire = socket();
  const frames = new TextFrames(wire, "client");
  for (let i = 0; i < 3_000; i++) {
    frames.addBytes(Buffer.from("same"), Buffer.from(" text"));
    frames.flush();
  }
  const keys = new Set(wire.taken.map((bytes) => bytes.readUInt32BE(2)));
  expect(keys.size).toBeGreaterThan(2_990);
  expect(messages(wire.taken[7]!, "client")).toEqual(["same text"]);
});
