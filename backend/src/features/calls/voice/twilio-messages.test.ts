import fc from "fast-check";
import { expect, it } from "vitest";
import { parseStreamMessage } from "./twilio-messages.ts";

const parse = (message: unknown) => parseStreamMessage(Buffer.from(JSON.stringify(message)));

const audio = Buffer.alloc(160, 0xff).toString("base64");

it("reads media in Twilio's order and in any other", () => {
  const media = { track: "inbound", chunk: "4", timestamp: "80", payload: audio };
  const expected = { event: "media", payload: Buffer.from(audio), timestamp: 80 };
  expect(parse({ event: "media", sequenceNumber: "4", media, streamSid: "MZ" })).toEqual(expected);
  expect(parse({ streamSid: "MZ", media, event: "media" })).toEqual(expected);
  const { payload, ...rest } = media;
  expect(parse({ event: "media", media: { payload, ...rest } })).toEqual(expected);
  expect(parse({ event: "media", media: { payload, track: "inbound" } })?.event).toBe("media");
});

it("takes only the caller's track", () => {
  const media = { track: "outbound", chunk: "4", timestamp: "80", payload: audio };
  expect(parse({ event: "media", sequenceNumber: "4", media, streamSid: "MZ" })).toBeNull();
});

it("is not fooled by names inside strings", () => {
  const media = { track: 'x","track":"inbound', payload: audio };
  expect(parse({ event: "media", media })).toBeNull();
});

it("reads start, mark, dtmf, stop and connected", () => {
  const start = {
    streamSid: "MZ1",
    callSid: "CA1",
    accountSid: "AC1",
    customParameters: { call_sid: "CA1", token: "t", n: 1 },
    mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
  };
  expect(parse({ event: "start", streamSid: "MZ1", start })).toEqual({
    event: "start",
    stream_sid: "MZ1",
    call_sid: "CA1",
    account_sid: "AC1",
    parameters: { call_sid: "CA1", token: "t" },
    format_ok: true,
  });
  const wide = { ...start, mediaFormat: { ...start.mediaFormat, sampleRate: 16_000 } };
  expect(parse({ event: "start", start: wide })).toMatchObject({ format_ok: false });
  expect(parse({ event: "start", start: { streamSid: "MZ1" } })).toBeNull();
  expect(parse({ event: "mark", mark: { name: "1:a:20" } })).toEqual({
    event: "mark",
    name: "1:a:20",
  });
  expect(parse({ event: "dtmf", dtmf: { digit: "5" } })).toEqual({ event: "dtmf", digit: "5" });
  expect(parse({ event: "stop" })).toEqual({ event: "stop" });
  expect(parse({ event: "connected" })).toEqual({ event: "connected" });
});

it("never throws", () => {
  const near = fc.record(
    {
      event: fc.oneof(fc.constantFrom("media", "start", "mark", "dtmf", "stop"), fc.anything()),
      media: fc.anything(),
      start: fc.anything(),
      mark: fc.anything(),
      dtmf: fc.anything(),
    },
    { requiredKeys: [] },
  );
  const bytes = fc.uint8Array({ maxLength: 400 });
  const cut = fc.nat(300);
  fc.assert(fc.property(bytes, (data) => void parseStreamMessage(Buffer.from(data))));
  fc.assert(
    fc.property(near, cut, (message, end) => {
      const text = Buffer.from(JSON.stringify(message) ?? "");
      parseStreamMessage(text);
      parseStreamMessage(text.subarray(0, end));
    }),
  );
});
