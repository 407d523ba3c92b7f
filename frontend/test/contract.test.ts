import { EVENT_NAMES, WEEKDAYS } from "@agentlocator/contract";
import { expect, test } from "vitest";
import { EVENT_NAMES as known } from "../src/api/event-names.ts";
import { WEEKDAYS as shown } from "../src/features/settings/weekdays.ts";

test("the console listens to every event of the contract", () => {
  expect(known).toEqual(EVENT_NAMES);
});

test("the console shows every weekday of the contract, Sunday first", () => {
  expect(shown).toEqual(WEEKDAYS);
});
