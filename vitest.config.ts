import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { compiledCode } from "./scripts/compile-code.mjs";
import { findChromium } from "./scripts/find-chromium.mjs";

// The programs that tests start share it.
process.env["NODE_COMPILE_CACHE"] ??= compiledCode;
const chromium = await findChromium();
if (chromium) process.env["CLEW_CHROMIUM"] ??= chromium.path;

const seconds = 1000;

/** Test files that start services, browsers and sandboxes. */
const whole = ["flow", "resume", "recovery", "security", "middle-boxes", "simulation"].map((folder) => `test/${folder}/**/*.test.ts`);

/** How many of them at the same time: they wait for one another's processes more than they compute. */
const services = 1 + availableParallelism();

/** Those of them that take the machine for themselves: they pause services against real limits, or load it as far as it goes. */
const alone = ["test/recovery/pause.test.ts", "test/torture/*.test.ts"];

/** Files that take longest: begun last, one would go on alone when all others are done. */
const longest = [
  "test/security/compromised-model",
  "test/security/attacks/",
  "test/recovery/nothing-left",
  "test/resume/cut-at-every-byte",
  "test/simulation/simulation.test",
  "test/flow/first-run",
  "test/flow/lineage",
  "test/flow/pack",
  "test/flow/logins",
  "test/flow/explain-and-verify",
  "test/recovery/kept-sandbox",
  "test/recovery/kill-warden",
  "test/recovery/retry",
  "src/actions/changed-pages",
  "src/actions/fields",
  "src/agent/recover.test",
  "src/agent/run-directive",
  "src/browser/hostile-pages",
  "src/cli.test",
  "src/sandboxes/isolated-sandbox",
  "src/sandboxes/local-provider.test",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => longest.some((name) => moduleId.includes(name));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    reporters: ["default", "./test/support/closing-line-reporter.ts"],
    passWithNoTests: true,
    sequence: { sequencer: LongestFirst },
    // Only where nobody watches, and told in the report: a machine that others share can miss a limit once. A test that needs it is a defect to mend.
    retry: process.env["CI"] ? 1 : 0,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: [
            "packages/*/src/**/*.test.ts",
            "services/*/src/**/*.test.ts",
            "proto/*.test.ts",
            "examples/**/*.test.ts",
            "scripts/*.test.ts",
          ],
          testTimeout: 60 * seconds,
          hookTimeout: 60 * seconds,
          // They wait for browsers and timers more than they compute.
          maxWorkers: 2 * availableParallelism(),
          // One process loads the browser library once for many files.
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "conformance",
          isolate: false,
          include: ["test/conformance/**/*.test.ts", "test/mutants/*.test.ts"],
          testTimeout: 60 * seconds,
          hookTimeout: 60 * seconds,
          maxWorkers: services,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "flow",
          isolate: false,
          include: whole,
          exclude: alone,
          testTimeout: 120 * seconds,
          hookTimeout: 120 * seconds,
          maxWorkers: services,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "alone",
          include: alone,
          testTimeout: 120 * seconds,
          hookTimeout: 120 * seconds,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
