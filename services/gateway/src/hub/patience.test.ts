import { Fault } from "@clew/fault/fault";
import { expect, test } from "vitest";
import type { Clock } from "./clock.ts";
import { Patience } from "./patience.ts";

/** A clock whose waits are over at once, and count. */
function clockOf(random: () => number): Clock & { readonly waits: number[] } {
  let now = 0;
  const waits: number[] = [];
  return {
    waits,
    random,
    now: () => now,
    afterTurn: (act) => act(),
    startTimer(ms, ring) {
      waits.push(ms);
      now += ms;
      queueMicrotask(ring);
      return { restart() {}, [Symbol.dispose]() {} };
    },
  };
}

const away = new Fault("ORCHESTRATOR_UNAVAILABLE");
const { signal } = new AbortController();

test("many who were told the same time to come back do so over as long again", async () => {
  const waits: number[] = [];
  for (let n = 0; n < 100; n += 1) {
    const clock = clockOf(() => n / 100);
    await new Patience({ clock, patienceMs: 10_000, signal }).wait(away, 1_000);
    waits.push(...clock.waits);
  }
  expect(Math.min(...waits)).toBe(1_000);
  expect(Math.max(...waits)).toBeGreaterThan(1_900);
  expect(new Set(waits).size).toBe(100);
});

test("it lasts for as long as it was given since the last answer, and is not for what does not pass", async () => {
  const clock = clockOf(() => 0.5);
  const patience = new Patience({ clock, patienceMs: 3_000, signal });
  const lose = async () => {
    for (;;) await patience.wait(away);
  };
  await expect(lose()).rejects.toBe(away);
  expect(clock.waits).toEqual([50, 100, 200, 400, 800, 1_000, 1_000]);
  patience.renew();
  await patience.wait(away);
  expect(clock.waits.at(-1)).toBe(50);
  const refused = new Fault("NOT_PERMITTED");
  await expect(patience.wait(refused)).rejects.toBe(refused);
  await expect(new Patience({ clock, patienceMs: 1, signal: AbortSignal.abort(refused) }).wait(away)).rejects.toBe(refused);
});
