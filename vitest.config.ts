import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const seconds = 1000;

/** Test files that start services, browsers and sandboxes run one after the other: side by side they would measure each other. */
const whole = ["test/flow", "test/resume", "test/recovery", "test/security", "test/middle-boxes", "test/torture", "test/simulation"];

export default defineConfig({
  test: {
    reporters: ["default", "./test/support/closing-line-reporter.ts"],
    passWithNoTests: true,
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
          testTimeout: 20 * seconds,
          hookTimeout: 20 * seconds,
          maxWorkers: Math.min(4, availableParallelism()),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "conformance",
          include: ["test/conformance/**/*.test.ts", "test/mutants/*.test.ts"],
          testTimeout: 60 * seconds,
          hookTimeout: 60 * seconds,
          maxWorkers: Math.min(2, availableParallelism()),
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "flow",
          include: whole.map((folder) => `${folder}/**/*.test.ts`),
          testTimeout: 120 * seconds,
          hookTimeout: 120 * seconds,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
