import { expect, it } from "vitest";
import { slotsWithin } from "./slots-within.ts";

it.each([
  [4, undefined, 2, 4],
  [4, 100, 2, 4],
  [4, 7, 2, 3],
  [4, 2, 2, 1],
  [4, 1, 2, 0],
])("%i runs of sandboxes within %s of memory, %i each, have %i slots", (maxRuns, memoryBytes, sandboxMemoryBytes, slots) => {
  expect(slotsWithin({ maxRuns, memoryBytes, sandboxMemoryBytes })).toBe(slots);
});
