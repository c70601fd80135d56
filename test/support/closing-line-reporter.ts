import type { Reporter, TestModule } from "vitest/node";

/** What came of all tests of a run. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** Counts tests by their result; a file that could not be loaded, and an error that no test caught, count as one failed test each. */
export function tally(modules: readonly Pick<TestModule, "children" | "errors">[], unhandledErrors: number): Tally {
  const counts: Tally = { passed: 0, failed: unhandledErrors, skipped: 0 };
  for (const module of modules) {
    counts.failed += module.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      counts[state === "pending" ? "skipped" : state] += 1;
    }
    for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
  }
  return counts;
}

/** Writes a tally as one plain line: `12 passed, 0 failed`, with `, 3 skipped` where some were. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** Prints the closing line after all that the other reporters say, without colour, alone on its line. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    process.stdout.write(`${closingLine(tally(modules, unhandledErrors.length))}\n`);
  }
}
