export { useSettings } from "./queries.ts";
export { WEEKDAYS } from "./weekdays.ts";
