/** Its name, in this folder; it holds the milliseconds by which clocks are shifted. */
export const CLOCK_FILE = "clock-shift";
