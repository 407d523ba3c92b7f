/**
 * Shifts the clock of the process that preloads it by the milliseconds in the file beside it, from
 * within half a second of a change. What JavaScript calls now is shifted; timers are not, as no
 * jump of a real clock shifts them.
 */
import { readFileSync } from "node:fs";
import { CLOCK_FILE } from "./clock-file.ts";

const RealDate = Date;
let shift_ms = 0;

function look(): void {
  try {
    shift_ms = Number(readFileSync(new URL(CLOCK_FILE, import.meta.url), "utf8"));
  } catch {
    shift_ms = 0;
  }
}

const now = () => RealDate.now() + shift_ms;

globalThis.Date = new Proxy(RealDate, {
  construct: (date, args: [], made) =>
    Reflect.construct(date, args.length > 0 ? args : [now()], made) as Date,
  apply: () => new RealDate(now()).toString(),
  get: (date, name) => (name === "now" ? now : (Reflect.get(date, name) as unknown)),
});
look();
setInterval(look, 500).unref();
