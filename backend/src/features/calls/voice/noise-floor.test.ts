import { expect, it } from "vitest";
import { NoiseFloor } from "./noise-floor.ts";

function feed(floor: NoiseFloor, db: number, ms: number): void {
  for (let at = 0; at < ms; at += 20) floor.add(db);
}

it("is known after 300 ms", () => {
  const floor = new NoiseFloor();
  feed(floor, -70, 280);
  expect(floor.calibrated).toBe(false);
  feed(floor, -70, 20);
  expect(floor.calibrated).toBe(true);
  expect(floor.db).toBe(-70);
});

it("rises by 1.5 dB a second at most, and falls within one", () => {
  const floor = new NoiseFloor();
  feed(floor, -65, 5_000);
  feed(floor, -40, 6_000);
  expect(floor.db).toBeGreaterThan(-65);
  expect(floor.db).toBeLessThan(-61);
  feed(floor, -40, 30_000);
  expect(floor.db).toBe(-40);
  feed(floor, -65, 2_000);
  expect(floor.db).toBeLessThan(-60);
});

it("is not raised by somebody who speaks with pauses", () => {
  const floor = new NoiseFloor();
  for (let i = 0; i < 20; i++) {
    feed(floor, -20, 700);
    feed(floor, -60, 300);
  }
  expect(floor.db).toBeLessThan(-58);
});
