import fc from "fast-check";
import { expect, it } from "vitest";
import { parseServerMessage } from "./openai-events.ts";

const parse = (message: unknown) => parseServerMessage(Buffer.from(JSON.stringify(message)));

const where = { response_id: "resp_1", item_id: "item_1", output_index: 0, content_index: 2 };
const delta = Buffer.alloc(2_000, 3).toString("base64");

it("cuts audio out of the text", () => {
  const event = { type: "response.output_audio.delta", event_id: "e", ...where, delta };
  const { output_index: _, ...audio } = { ...where, delta };
  expect(parse(event)).toEqual({ audio });
});

it("reads audio in another order the long way", () => {
  const event = { delta, type: "response.output_audio.delta", event_id: "e", ...where };
  expect(parse(event)).toEqual({ event });
});

it("reads audio whose names have to be unescaped the long way", () => {
  const event = { type: "response.output_audio.delta", ...where, item_id: 'item "1"', delta };
  expect(parse(event)).toEqual({ event });
});

it("does not take a transcript for audio, whatever it says", () => {
  const tricky = '"type":"response.output_audio.delta","delta":"AAAA"';
  const event = { type: "response.output_audio_transcript.delta", ...where, delta: tricky };
  expect(parse(event)).toEqual({ event });
});

it("never throws, and rubbish is null", () => {
  expect(parseServerMessage(Buffer.from('{"type":"session.'))).toBeNull();
  expect(parse({ no: "type" })).toBeNull();
  expect(parse(null)).toBeNull();
  fc.assert(fc.property(fc.uint8Array(), (data) => void parseServerMessage(Buffer.from(data))));
});
