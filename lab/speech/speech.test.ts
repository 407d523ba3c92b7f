import { describe, expect, it } from "vitest";
import { phrase, phrases, sounds } from "./library.ts";
import { gain, join, mix, rmsDb, silence, speechDb, withNoise } from "./mix.ts";
import { mp3Ms } from "./mp3.ts";
import { decodeMulaw, encodeMulaw, to24k, to8k } from "./mulaw.ts";
import { recognise, similarity, transcribe } from "./recognise.ts";
import { speak, speakMp3 } from "./voice.ts";
import { mulawOfWav, mulawWav, pcmWav } from "./wav.ts";

const callers = [...phrases.values()].filter(({ role }) => role === "caller");
const background = decodeMulaw(phrase("background_talk").audio);

/** The phrase softer, later and with silence around it, as a telephone would bring it. */
function received(audio: Buffer): Int16Array {
  return join(silence(313), gain(decodeMulaw(audio), -8), silence(500));
}

describe("µ-law", () => {
  it("decodes and encodes every byte to itself, but for the second zero", () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const expected = Buffer.from(bytes);
    expected[0x7f] = 0xff;
    expect(encodeMulaw(decodeMulaw(bytes))).toEqual(expected);
    expect(decodeMulaw(Buffer.of(0x00, 0x80, 0xff))).toEqual(Int16Array.of(-32_124, 32_124, 0));
  });

  it("goes to 24 kHz and back nearly unchanged", () => {
    const before = decodeMulaw(phrase("confirm").audio);
    const after = to8k(to24k(before));
    expect(after).toHaveLength(before.length);
    expect(similarity(encodeMulaw(after), phrase("confirm").audio)).toBeGreaterThan(0.95);
  });

  it("keeps its bytes in a WAV file, and reads PCM WAV files", () => {
    const { audio } = phrase("confirm");
    expect(mulawOfWav(mulawWav(audio))).toEqual(audio);
    expect(mulawOfWav(pcmWav(audio)).subarray(0, 400)).toEqual(
      encodeMulaw(decodeMulaw(audio)).subarray(0, 400),
    );
    expect(() => mulawOfWav(Buffer.from("ID3 something"))).toThrow("not a WAV file");
  });
});

describe("recordings", () => {
  it("are small, and speech is at telephone level", () => {
    for (const { audio } of phrases.values()) {
      expect(audio.length).toBeLessThan(40_000);
      expect(speechDb(decodeMulaw(audio))).toBeGreaterThan(-27);
    }
    expect(sounds.cough).toHaveLength(120 * 8);
    expect(rmsDb(decodeMulaw(sounds.comfort_noise))).toBeCloseTo(-58, 0);
  });
});

describe("recognition", () => {
  it.each(callers.map(({ id, text, audio }) => ({ id, text, audio })))(
    "hears $id clean, in noise and over background talk",
    ({ text, audio }) => {
      const heard = received(audio);
      expect(transcribe(encodeMulaw(heard))).toBe(text);
      expect(transcribe(encodeMulaw(withNoise(heard, 10)))).toBe(text);
      expect(transcribe(encodeMulaw(mix(heard, gain(background, -18), 0)))).toBe(text);
    },
  );

  it("hears two sentences in their order", () => {
    const both = join(received(phrase("interrupt").audio), received(phrase("other_time").audio));
    const found = recognise(encodeMulaw(both));
    expect(found.map((one) => one.phrase.id)).toEqual(["interrupt", "other_time"]);
    expect(found[1]?.at_ms).toBeGreaterThan(found[0]?.at_ms ?? Infinity);
  });

  it("hears nothing in a cough, noise, silence, other talk or the agent's voice", () => {
    expect(transcribe(sounds.cough)).toBe("");
    expect(transcribe(sounds.comfort_noise)).toBe("");
    expect(transcribe(Buffer.alloc(8000, 0xff))).toBe("");
    expect(transcribe(phrase("background_talk").audio)).toBe("");
    expect(transcribe(phrase("agent_hours").audio)).toBe("");
  });
});

describe("the agent's voice", () => {
  const text = "יש תור פנוי מחר בשעה 10:30. מתאים?";

  it("says any text, the same way each time, with the length of speech", () => {
    const audio = speak(text);
    expect(audio.length / 8).toBeGreaterThan(2500);
    expect(audio.length / 8).toBeLessThan(8000);
    expect(speak(text)).toEqual(audio);
    expect(similarity(audio, speak("אין לנו תורים השבוע, אפשר בשבוע הבא"))).toBeLessThan(0.7);
  });

  it("plays a recorded sentence as it is", () => {
    expect(speak(phrase("agent_how_help").text)).toBe(phrase("agent_how_help").audio);
  });

  it("speaks MP3 whose frames add up", () => {
    expect(mp3Ms(speakMp3(text))).toBeGreaterThan(2500);
    expect(() => mp3Ms(Buffer.from("not an mp3 file"))).toThrow("no MP3 frame");
  });
});
