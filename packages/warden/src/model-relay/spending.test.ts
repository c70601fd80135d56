import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Spending } from "./spending.ts";

const took = (inputTokens: number, outputTokens: number) => ({ inputTokens, outputTokens, cacheReadTokens: 0, cacheWriteTokens: 0 });
const price = { input: 3, output: 15 };

describe("spending on models", () => {
  it("never passes a budget where calls take what they were estimated at, and answers are no longer than they may be", () => {
    const call = fc.record({ input: fc.integer({ min: 1, max: 400 }), output: fc.integer({ min: 0, max: 400 }) });
    const budget = fc.record({
      maxInputTokens: fc.integer({ min: 0, max: 2_000 }),
      maxOutputTokens: fc.integer({ min: 0, max: 2_000 }),
      maxCostUsd: fc.double({ min: 0, max: 0.02, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 30 }), budget, (calls, most) => {
        const spending = new Spending({ budget: most, mostCalls: 1_000 });
        const sum = { input: 0, output: 0, costUsd: 0 };
        for (const { input, output } of calls) {
          const mostOutput = spending.begin(input, price);
          if (typeof mostOutput === "string") continue;
          const usage = took(input, Math.min(output, mostOutput));
          sum.costUsd += spending.settle(usage, price);
          sum.input += usage.inputTokens;
          sum.output += usage.outputTokens;
        }
        expect(sum.input).toBeLessThanOrEqual(most.maxInputTokens);
        expect(sum.output).toBeLessThanOrEqual(most.maxOutputTokens);
        expect(sum.costUsd).toBeLessThanOrEqual(most.maxCostUsd + 1e-12);
      }),
    );
  });

  it("lets an answer be as long as tokens and dollars are left for, after what is sent", () => {
    const spending = new Spending({ budget: { maxOutputTokens: 500, maxCostUsd: 0.009 }, mostCalls: 10 });
    expect(spending.begin(100, price)).toBe(500);
    expect(spending.settle(took(1_000, 100), price)).toBeCloseTo(0.0045, 12);
    expect(spending.begin(500, price)).toBe(199);
    expect(spending.begin(1_500, price)).toContain("US dollars");
  });

  it("bounds nothing where nothing is bounded, but calls", () => {
    const spending = new Spending({ budget: {}, mostCalls: 2 });
    expect(spending.isBounded).toBe(false);
    expect([spending.begin(1e9, null), spending.begin(1e9, null)]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect(spending.begin(1, null)).toContain("the most it may");
  });
});
