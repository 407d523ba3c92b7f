interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { status: string; assertionResults: readonly object[] }[];
}

/** Reads vitest's JSON report. A file that failed before its first test counts as one failure. */
export function countTests(text: string): { passed: number; failed: number } {
  if (!text) return { passed: 0, failed: 0 };
  const report = JSON.parse(text) as Report;
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
  };
}
