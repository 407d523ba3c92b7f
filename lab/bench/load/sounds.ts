import { phrase, sounds } from "../../speech/library.ts";
import { mix, rmsDb, speechDb } from "../../speech/mix.ts";
import { decodeMulaw, encodeMulaw } from "../../speech/mulaw.ts";
import { frame_bytes } from "./tags.ts";

/** What is above the comfort noise by the default threshold of 10 dB is some sound. */
const sound_db = -48;
/** Frames within this of the sentence's own level are as loud as speech. */
const loud_range_db = 10;

/** A sentence of the caller over the line's comfort noise. */
export interface Sentence {
  text: string;
  /** Base64 of 20 ms each. */
  frames: readonly string[];
  /** First frame above the noise, and first frame as loud as speech. */
  first_sound: number;
  first_loud: number;
}

/** A sentence of the agent. */
export interface Answer {
  text: string;
  audio: Buffer;
}

function cut(audio: Buffer): string[] {
  const frames: string[] = [];
  for (let at = 0; at + frame_bytes <= audio.length; at += frame_bytes) {
    frames.push(audio.toString("base64", at, at + frame_bytes));
  }
  return frames;
}

/** The line when nobody speaks: comfort noise, to be repeated. */
export const noise: readonly string[] = cut(sounds.comfort_noise);

function sentence(id: string): Sentence {
  const { text, audio } = phrase(id);
  const speech = decodeMulaw(audio);
  const hiss = decodeMulaw(sounds.comfort_noise);
  const samples = mix(
    speech,
    speech.map((_, i) => hiss[i % hiss.length] ?? 0),
  );
  const loud_db = speechDb(speech) - loud_range_db;
  const levels: number[] = [];
  for (let at = 0; at + frame_bytes <= samples.length; at += frame_bytes) {
    levels.push(rmsDb(samples.subarray(at, at + frame_bytes)));
  }
  return {
    text,
    frames: cut(encodeMulaw(samples)),
    first_sound: levels.findIndex((db) => db > sound_db),
    first_loud: levels.findIndex((db) => db > loud_db),
  };
}

/** What callers say; none of it settles anything, so the agent's own answer follows. */
export const sentences: readonly Sentence[] = [
  "hello_book",
  "ask_tomorrow",
  "opening_hours",
  "my_appointments",
  "leave_message",
  "cancel_appointment",
].map(sentence);

/** What callers say into the agent's words. */
export const interruptions: readonly Sentence[] = [
  "interrupt",
  "opening_hours",
  "ask_tomorrow",
  "hello_book",
].map(sentence);

export const greeting: Answer = phrase("agent_how_help");

export const answers: readonly Answer[] = [
  phrase("agent_which_time"),
  phrase("agent_say_again"),
  phrase("agent_goodbye"),
  phrase("agent_hours"),
];
