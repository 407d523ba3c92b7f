import { Samples } from "./samples.ts";

/** Everything the load measures of one side, from outside. Times are milliseconds. */
export class Meter {
  /** Only what happens while this is set is counted; greetings and anomalies always are. */
  measuring = false;
  /** Caller's frame sent → the same frame at the model. */
  readonly up = new Samples();
  /** First delta of a response sent by the model → its first frame at the caller. */
  readonly first_frame = new Samples();
  /** How much later a frame is heard than if the model's deltas came without any delay. */
  readonly at_ear = new Samples();
  /** How much less audio than the pacer's schedule wants the carrier had in hand. */
  readonly pacing = new Samples();
  /** `start` sent → first frame of the greeting. */
  readonly greeting = new Samples();
  /** From the interrupting caller's first frame as loud as speech. */
  readonly quiet = new Samples();
  readonly confirmed = new Samples();
  /** The same from the first frame that is above the line's noise at all. */
  readonly quiet_from_sound = new Samples();
  readonly confirmed_from_sound = new Samples();
  /** Milliseconds of audio while measuring. */
  up_audio_ms = 0;
  down_audio_ms = 0;
  interruptions = 0;
  /** What ought not to happen, by kind. */
  readonly anomalies = new Map<string, number>();

  anomaly(kind: string): void {
    this.anomalies.set(kind, (this.anomalies.get(kind) ?? 0) + 1);
  }
}
