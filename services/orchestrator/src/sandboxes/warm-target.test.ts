import { describe, expect, it } from "vitest";
import { type WarmBounds, type WarmView, warmTarget } from "./warm-target.ts";

const bounds: WarmBounds = { least: 2, most: 5, memoryBytes: 1_000 };
const calm: WarmView = { startsLately: 0, freeSlots: 10, isMemoryShort: false, memories: [] };

describe("as many sandboxes wait", () => {
  it.each<[why: string, bounds: Partial<WarmBounds>, view: Partial<WarmView>, wait: number]>([
    ["as are always to", {}, {}, 2],
    ["as were wanted lately, where that is more", {}, { startsLately: 4 }, 4],
    ["as may at most", {}, { startsLately: 50 }, 5],
    ["as runs leave slots for", {}, { startsLately: 4, freeSlots: 1 }, 1],
    ["as none, where runs have all slots", {}, { freeSlots: 0 }, 0],
    ["as none, where runs have more than all slots", {}, { freeSlots: -1 }, 0],
    ["as none, where the machine is short of memory", {}, { startsLately: 4, isMemoryShort: true }, 0],
    ["as their memory holds, each counted as the largest", {}, { startsLately: 5, memories: [100, 300, 200] }, 3],
    ["as their memory holds, also where that is none", {}, { memories: [1_001] }, 0],
    ["as if memory were no matter, while nobody knows what they take", {}, { startsLately: 5, memories: [0, 0] }, 5],
    ["as there is room for, where more were wanted", { least: 0 }, { startsLately: 3, freeSlots: 2 }, 2],
    ["as none, where nobody wants any", { least: 0 }, {}, 0],
  ])("%s", (_why, more, view, wait) => {
    expect(warmTarget({ ...bounds, ...more }, { ...calm, ...view })).toBe(wait);
  });
});
