import { expect, it } from "vitest";
import { pickNext, positionInQueue } from "./run-queue.ts";

const run = (id: string, priority: number, createTimeMs: number) => ({ id, priority, createTimeMs });

it("lets the higher priority go first, and among equals the older", () => {
  const waiting = [run("late", 5, 30), run("low", 1, 5), run("early", 5, 10), run("high", 9, 99)];
  expect(pickNext(waiting, 0, 10).map(({ id }) => id)).toEqual(["high", "early", "late", "low"]);
});

it.each([
  [0, 2, 2],
  [1, 2, 1],
  [2, 2, 0],
  [5, 2, 0],
])("with %i of %i slots taken starts %i", (running, slots, started) => {
  const waiting = [run("a", 5, 1), run("b", 5, 2), run("c", 5, 3)];
  expect(pickNext(waiting, running, slots)).toHaveLength(started);
});

it("counts who is ahead", () => {
  const waiting = [run("a", 5, 1), run("b", 9, 2), run("c", 5, 3)];
  expect(positionInQueue(run("c", 5, 3), waiting)).toBe(2);
  expect(positionInQueue(run("b", 9, 2), waiting)).toBe(0);
});
