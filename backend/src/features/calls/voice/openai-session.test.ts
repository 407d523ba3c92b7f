import { expect, it } from "vitest";
import { briefFor } from "../../../../test/telephone.ts";
import { isBenign } from "./openai-errors.ts";
import { echoedFormat, realtimeUrl, sessionConfig } from "./openai-session.ts";

it("derives the address from the SDK's base URL", () => {
  expect(realtimeUrl("https://api.openai.com/v1", "gpt-realtime-2.1")).toBe(
    "wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1",
  );
  expect(realtimeUrl("http://127.0.0.1:4000/v1/", "a b")).toBe(
    "ws://127.0.0.1:4000/v1/realtime?model=a+b",
  );
});

it("pins the language, and leaves answering and interrupting to us", () => {
  const settings = { api_key: "k", base_url: "x", model: "m", transcribe_model: "t" };
  const session = sessionConfig(briefFor("CA1", { language: "he-IL" }), settings, "pcmu");
  expect(session).toMatchObject({
    type: "realtime",
    output_modalities: ["audio"],
    instructions: expect.stringContaining("Speak only Hebrew"),
    audio: {
      input: {
        format: { type: "audio/pcmu" },
        transcription: { model: "t", language: "he" },
        turn_detection: { type: "server_vad", create_response: false, interrupt_response: false },
      },
      output: { format: { type: "audio/pcmu" }, voice: "marin" },
    },
  });
});

it("reads the formats a session tells", () => {
  const told = (input: unknown, output: unknown = input) =>
    echoedFormat({ audio: { input: { format: input }, output: { format: output } } });
  expect(told({ type: "audio/pcmu" })).toBe("pcmu");
  expect(told({ type: "audio/pcm", rate: 24_000 })).toBe("pcm");
  expect(told({ type: "audio/pcma" })).toBe("mismatch");
  expect(told({ type: "audio/pcm", rate: 16_000 })).toBe("mismatch");
  expect(told({ type: "audio/pcmu" }, { type: "audio/pcm" })).toBe("mismatch");
  expect(told({ type: "audio/pcmu" }, null)).toBe("mismatch");
  expect(echoedFormat({})).toBeNull();
  expect(echoedFormat(null)).toBeNull();
});

it("knows which errors only say that something crossed", () => {
  const error = { message: "" };
  expect(isBenign({ ...error, code: "conversation_already_has_active_response" })).toBe(true);
  expect(isBenign({ ...error, code: "response_cancel_not_active" })).toBe(true);
  expect(
    isBenign({ code: null, message: "Audio content of 3700ms is already shorter than 3760ms" }),
  ).toBe(true);
  expect(isBenign({ ...error, code: "x", event_id: "conversation.item.truncate#7" })).toBe(true);
  expect(isBenign({ ...error, code: "x", event_id: "response.create#7" })).toBe(false);
  expect(isBenign({ code: "server_error", message: "The server had an error" })).toBe(false);
});
