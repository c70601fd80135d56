import { describe, expect, it } from "vitest";
import { createBackoff } from "./backoff.ts";

describe("a backoff", () => {
  it("doubles the ceiling of its waits up to its bound, and begins again on progress", () => {
    const backoff = createBackoff({ initialMs: 100, maxMs: 500, random: () => 1 });
    expect([backoff.next(), backoff.next(), backoff.next(), backoff.next()]).toEqual([100, 200, 400, 500]);
    backoff.reset();
    expect([backoff.next(), backoff.next()]).toEqual([100, 200]);
  });

  it("begins where it was told to", () => {
    const backoff = createBackoff({ initialMs: 100, maxMs: 500, random: () => 1 });
    backoff.reset(300);
    expect([backoff.next(), backoff.next()]).toEqual([300, 500]);
    backoff.reset();
    expect(backoff.next()).toBe(300);
    backoff.reset(9_000);
    expect(backoff.next()).toBe(500);
  });

  it("draws each wait from its whole range, so that those who failed together return apart", () => {
    const backoff = createBackoff({ initialMs: 1000, maxMs: 1000 });
    const waits = Array.from({ length: 500 }, () => backoff.next());
    expect(Math.min(...waits)).toBeLessThan(100);
    expect(Math.max(...waits)).toBeGreaterThan(900);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1000);
  });
});
