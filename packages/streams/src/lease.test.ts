import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { startLease } from "./lease.ts";

const ttlMs = 30_000;
/** What the clock has moved on while no timer of ours ran. */
let sleptMs: number;
let expired: number;
beforeEach(() => {
  vi.useFakeTimers();
  sleptMs = 0;
  expired = 0;
});
afterEach(() => void vi.useRealTimers());

const start = () => startLease({ ttlMs, onExpire: () => expired++, now: () => performance.now() + sleptMs });

it("ends once, when there was no sign of life for its time", () => {
  using _lease = start();
  vi.advanceTimersByTime(ttlMs - 1);
  expect(expired).toBe(0);
  vi.advanceTimersByTime(1);
  expect(expired).toBe(1);
  vi.advanceTimersByTime(10 * ttlMs);
  expect(expired).toBe(1);
});

it("begins again with each sign of life", () => {
  using lease = start();
  for (let beat = 0; beat < 10; beat++) {
    vi.advanceTimersByTime(ttlMs - 1_000);
    lease.renew();
  }
  expect(expired).toBe(0);
  vi.advanceTimersByTime(ttlMs);
  expect(expired).toBe(1);
});

it("begins again where this process slept: the other had no time to say anything", () => {
  using _lease = start();
  vi.advanceTimersByTime(ttlMs - 1_000);
  sleptMs = 3_600_000;
  vi.advanceTimersByTime(ttlMs - 1_000);
  expect(expired).toBe(0);
  vi.advanceTimersByTime(2_000);
  expect(expired).toBe(1);
});

it("takes a timer that is a little late for no sleep", () => {
  using _lease = start();
  vi.advanceTimersByTime(ttlMs - 2_000);
  sleptMs = 4_900;
  vi.advanceTimersByTime(1_000);
  expect(expired).toBe(1);
});

it("never ends once it is disposed", () => {
  start()[Symbol.dispose]();
  vi.advanceTimersByTime(10 * ttlMs);
  expect([expired, vi.getTimerCount()]).toEqual([0, 0]);
});
