import type { Weekday } from "../../api/types.ts";

/** The week begins on Sunday. */
export const WEEKDAYS: Weekday[] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
