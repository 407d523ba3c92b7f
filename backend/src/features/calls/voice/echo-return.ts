import { silence_db } from "./mulaw.ts";

const lags = 32;
/** 20 ms frames; correlation is remembered for about 1.5 s. */
const keep = 0.987;
/** Frames of agent speech before an opinion is formed: 600 ms. */
const enough_frames = 30;
const strong_correlation = 0.7;
/** Below this the outbound frame says nothing about echo. */
const active_db = -45;
/** Echo smears and marks are not exact: the loudest outbound frame around the delay counts. */
const smear = 3;
/** Until learned: a poor line returns our sound this much weaker. */
const assumed_loss_db = 16;
/** What comes back louder than this is somebody speaking, not our echo. */
const least_loss_db = 6;

/**
 * How much of the agent's own sound comes back on the caller's line, and how late: the delay
 * is where the levels of both directions correlate best, the loss the difference there.
 */
export class EchoReturn {
  private readonly out = new Float64Array(lags + smear).fill(silence_db);
  private readonly mean_out = new Float64Array(lags);
  private readonly square_out = new Float64Array(lags);
  private readonly product = new Float64Array(lags);
  private weight = 0;
  private mean_in = 0;
  private square_in = 0;
  private frames = 0;
  private lag = -1;
  private loss_db = assumed_loss_db;

  /**
   * One frame while the agent is heard.
   * @param inbound_db what came from the caller
   * @param outbound_db what the caller is hearing now by the marks
   */
  add(inbound_db: number, outbound_db: number): void {
    this.out.copyWithin(1, 0);
    this.out[0] = outbound_db;
    if (this.loudest(0, this.out.length) < active_db) return;
    this.frames++;
    this.weight = this.weight * keep + 1;
    this.mean_in = this.mean_in * keep + inbound_db;
    this.square_in = this.square_in * keep + inbound_db * inbound_db;
    for (let lag = 0; lag < lags; lag++) {
      const value = this.out[lag]!;
      this.mean_out[lag] = this.mean_out[lag]! * keep + value;
      this.square_out[lag] = this.square_out[lag]! * keep + value * value;
      this.product[lag] = this.product[lag]! * keep + value * inbound_db;
    }
    if (this.frames >= enough_frames && this.frames % 5 === 0) this.learn();
    if (this.lag >= 0) this.track(inbound_db);
  }

  /** The agent fell silent: nothing of it is on its way back any more after the longest delay. */
  idle(): void {
    this.out.copyWithin(1, 0);
    this.out[0] = silence_db;
  }

  /** The loudest echo to be expected in this frame; `silence_db` when the line returns none. */
  expected(): number {
    if (this.frames < enough_frames) return this.loudest(0, this.out.length) - assumed_loss_db;
    if (this.lag < 0) return silence_db;
    return this.loudest(this.lag - smear, this.lag + smear + 1) - this.loss_db;
  }

  private loudest(from: number, to: number): number {
    let db = silence_db;
    for (let i = Math.max(0, from); i < Math.min(this.out.length, to); i++) {
      if (this.out[i]! > db) db = this.out[i]!;
    }
    return db;
  }

  private learn(): void {
    let best = strong_correlation;
    let at = -1;
    const n = this.weight;
    const variance_in = this.square_in / n - (this.mean_in / n) ** 2;
    for (let lag = 0; lag < lags; lag++) {
      const variance = this.square_out[lag]! / n - (this.mean_out[lag]! / n) ** 2;
      const together = this.product[lag]! / n - (this.mean_in * this.mean_out[lag]!) / (n * n);
      const correlation = together / Math.sqrt(Math.max(1, variance * variance_in));
      if (correlation > best) {
        best = correlation;
        at = lag;
      }
    }
    if (at < 0) return;
    const loss = Math.max(least_loss_db, (this.mean_out[at]! - this.mean_in) / n);
    if (this.lag < 0 || loss < this.loss_db - 6) this.loss_db = loss;
    this.lag = at;
  }

  /**
   * Quickly to a louder echo, slowly to a weaker one: settles near the loudest echoes, and a
   * delay found by chance (the caller spoke along) loses its effect within a second or two.
   */
  private track(inbound_db: number): void {
    const out = this.loudest(this.lag - smear, this.lag + smear + 1);
    if (out < active_db) return;
    const loss = out - inbound_db;
    if (loss > this.loss_db) this.loss_db += (loss - this.loss_db) * 0.02;
    else if (loss > Math.max(least_loss_db, this.loss_db - 6)) {
      this.loss_db += (loss - this.loss_db) * 0.2;
    }
  }
}
