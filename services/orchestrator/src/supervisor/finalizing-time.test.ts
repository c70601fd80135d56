import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { limits } from "../runs/limits.ts";
import { FinalizingTime, releaseMs, usualShares } from "./finalizing-time.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("leaves the agent's files, what the sandbox left and its release a minute together", () => {
  expect(usualShares.storeMs).toBeLessThan(usualShares.takeMs);
  expect(usualShares.takeMs).toBeLessThan(usualShares.keepMs);
  expect(usualShares.keepMs + releaseMs).toBeLessThanOrEqual(limits.finalizeMs);
});

it("counts once, from when it was first begun", async () => {
  using time = new FinalizingTime({ storeMs: 10_000, takeMs: 20_000, keepMs: 25_000 });
  await vi.advanceTimersByTimeAsync(60_000);
  expect([time.storing.aborted, time.taking.aborted]).toEqual([false, false]);
  time.begin();
  await vi.advanceTimersByTimeAsync(9_000);
  time.begin();
  expect(time.storing.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(2_000);
  expect([time.storing.aborted, time.taking.aborted]).toEqual([true, false]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([time.taking.aborted, time.keeping.aborted]).toEqual([true, false]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(time.keeping.aborted).toBe(true);
});

it("ends no more once it is disposed", async () => {
  const time = new FinalizingTime({ storeMs: 10_000, takeMs: 20_000, keepMs: 25_000 });
  time.begin();
  time[Symbol.dispose]();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([time.storing, time.taking, time.keeping].some(({ aborted }) => aborted)).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});
