import { Fault } from "@clew/fault/fault";
import { expect, it } from "vitest";
import type { Clock } from "./clock.ts";
import type { Judge } from "./judge.ts";
import { KeyWatch } from "./key-watch.ts";

/** A clock that rings when it is told to. */
function handClock(): Clock & { ring(): void } {
  let ring = () => {};
  return {
    now: () => 0,
    random: () => 0,
    afterTurn: (act) => act(),
    startTimer(_ms, act) {
      ring = act;
      return { restart() {}, [Symbol.dispose]() {} };
    },
    ring: () => ring(),
  };
}

it("a key that nobody answers for holds no other up, and only so many are asked about at once", async () => {
  const clock = handClock();
  using watch = new KeyWatch(clock, 1_000);
  const ended: number[] = [];
  const asked: number[] = [];
  const answers = Array.from({ length: 40 }, () => Promise.withResolvers<never>());
  for (const [index, answer] of answers.entries()) {
    const judge: Judge = () => {
      asked.push(index);
      return answer.promise;
    };
    watch.enter({ keyId: `key-${index}`, judge, end: () => ended.push(index) });
  }
  clock.ring();
  await expect.poll(() => asked.length).toBe(16);
  // The first is never answered; all others are told that their key is gone.
  for (const { reject } of answers.slice(1)) reject(new Fault("KEY_INVALID"));
  await expect.poll(() => ended.length).toBe(39);
  expect(ended).not.toContain(0);
  expect(asked).toHaveLength(40);
});
