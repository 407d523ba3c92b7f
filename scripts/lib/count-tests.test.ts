import { expect, test } from "vitest";
import { countTests } from "./count-tests.ts";

test("failed tests and files that broke before their first test are failures", () => {
  const report = {
    numPassedTests: 7,
    numFailedTests: 2,
    testResults: [
      { status: "passed", assertionResults: [{}] },
      { status: "failed", assertionResults: [{}, {}] },
      { status: "failed", assertionResults: [] },
    ],
  };
  expect(countTests(JSON.stringify(report))).toEqual({ passed: 7, failed: 3 });
});

test("no report is no test", () => {
  expect(countTests("")).toEqual({ passed: 0, failed: 0 });
});
