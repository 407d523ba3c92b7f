import type { Meter } from "../figures/meter.ts";

/** An interruption that has not stopped the agent by then has failed. */
const patience_ms = 3_000;

/** Times one interruption by the caller's playback clock. */
export class BargeWatch {
  private sound_at: number | null = null;
  private loud_at: number | null = null;
  private quiet_at: number | null = null;
  private readonly meter: Meter;

  constructor(meter: Meter) {
    this.meter = meter;
  }

  onset(kind: "sound" | "loud" | "both", now: number): void {
    if (!this.meter.measuring) return;
    if (kind !== "loud" || this.sound_at === null) {
      this.sound_at = now;
      this.loud_at = this.quiet_at = null;
    }
    if (kind !== "sound") this.loud_at ??= now;
  }

  /** Audio came after all: the line was not quiet for good. */
  audio(): void {
    this.quiet_at = null;
  }

  tick(dry_at: number, now: number): void {
    if (this.sound_at === null) return;
    if (this.quiet_at === null && now >= dry_at) this.quiet_at = dry_at;
    if (now - this.sound_at < patience_ms) return;
    this.meter.anomaly("interruption that did not stop the agent");
    this.sound_at = null;
  }

  /** The agent's audio was taken back. */
  cleared(dry_at: number, now: number): void {
    const { sound_at, meter } = this;
    if (sound_at === null) return;
    this.sound_at = null;
    const quiet_at = this.quiet_at ?? Math.min(dry_at, now);
    meter.interruptions++;
    meter.quiet_from_sound.add(Math.max(0, quiet_at - sound_at));
    meter.confirmed_from_sound.add(now - sound_at);
    // Confirmed by softer speech already.
    const loud_at = this.loud_at ?? now;
    meter.quiet.add(Math.max(0, quiet_at - loud_at));
    meter.confirmed.add(now - loud_at);
  }
}
