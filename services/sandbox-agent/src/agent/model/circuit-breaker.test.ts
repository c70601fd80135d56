import { describe, expect, it } from "vitest";
import { CircuitBreaker } from "./circuit-breaker.ts";

describe("a circuit breaker", () => {
  it("lets calls through until as many in a row failed as it allows", () => {
    const breaker = new CircuitBreaker({ threshold: 3, recoveryMs: 1_000 });
    for (const at of [0, 1]) {
      expect(breaker.tryNow(at)).toBe(true);
      breaker.fail(at);
    }
    expect(breaker.tryNow(2)).toBe(true);
    breaker.fail(2);
    expect(breaker.tryNow(3)).toBe(false);
    expect(breaker.waitMs(3)).toBe(999);
  });

  it("forgets failures when a call is answered", () => {
    const breaker = new CircuitBreaker({ threshold: 2, recoveryMs: 1_000 });
    breaker.fail(0);
    breaker.succeed();
    breaker.fail(1);
    expect(breaker.tryNow(2)).toBe(true);
  });

  it("lets one call try after its time, and opens again where that fails", () => {
    const breaker = new CircuitBreaker({ threshold: 1, recoveryMs: 1_000 });
    breaker.fail(0);
    expect(breaker.tryNow(1_000)).toBe(true);
    expect(breaker.tryNow(1_001)).toBe(false);
    breaker.fail(1_500);
    expect(breaker.tryNow(2_000)).toBe(false);
    expect(breaker.tryNow(2_500)).toBe(true);
    breaker.succeed();
    expect(breaker.tryNow(2_501)).toBe(true);
    expect(breaker.tryNow(2_502)).toBe(true);
  });
});
