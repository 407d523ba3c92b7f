import { randomBytes } from "node:crypto";
import { speakMp3 } from "../../speech/voice.ts";
import { mulawWav } from "../../speech/wav.ts";

export interface Recording {
  sid: string;
  call_sid: string;
  duration_seconds: number;
  audio: Buffer;
}

/** The account's recordings. */
export class Recordings {
  readonly all = new Map<string, Recording>();

  add(call_sid: string, audio: Buffer): Recording {
    const sid = `RE${randomBytes(16).toString("hex")}`;
    const duration_seconds = Math.ceil(audio.length / 8000);
    const recording = { sid, call_sid, duration_seconds, audio };
    this.all.set(sid, recording);
    return recording;
  }

  /** The media as Twilio serves it: WAV, or MP3 whose sound is only a stand-in. */
  file(recording: Recording, extension: string): { type: string; body: Buffer } {
    if (extension === ".mp3") return { type: "audio/mpeg", body: speakMp3("הודעה") };
    return { type: "audio/x-wav", body: mulawWav(recording.audio) };
  }
}
