import { expect, test } from "vitest";
import { table } from "./table.ts";

const row = {
  ...{ title: "kill -9 of nginx", held_ms: 340, healthy_ms: 2_260, noticed_ms: 3_000 },
  ...{ callers: "of 5: nothing", customers: "of 9: nothing", lost: [] },
};

test("a row for each fault", () => {
  const lines = table([row, { ...row, lost: ["a", "b", "c", "d", "e"] }]).split("\n");
  expect(lines).toHaveLength(4);
  expect(lines[1]).toBe("| --- | --- | --- | --- | --- | --- | --- |");
  expect(lines[2]).toBe(
    "| kill -9 of nginx | 0.3 | of 5: nothing | of 9: nothing | nothing | 2.3 | 3.0 |",
  );
  expect(lines[3]).toContain("| **a; b; c; and 2 more** |");
});
