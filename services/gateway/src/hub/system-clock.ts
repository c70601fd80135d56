import type { Clock } from "./clock.ts";

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  startTimer(ms, ring) {
    const timer = setTimeout(ring, ms);
    return { restart: () => void timer.refresh(), [Symbol.dispose]: () => clearTimeout(timer) };
  },
  afterTurn: (act) => void setImmediate(act),
  random: Math.random,
};
