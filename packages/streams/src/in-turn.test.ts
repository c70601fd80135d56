import { expect, it } from "vitest";
import { inTurn } from "./in-turn.ts";

it("keeps at most so many at it, and answers in order, whichever is done first", async () => {
  const done = Array.from({ length: 6 }, () => Promise.withResolvers<void>());
  const began: number[] = [];
  const answers: number[] = [];
  const all = (async () => {
    const items = done.map((_, item) => item);
    const work = async (item: number) => {
      began.push(item);
      await done[item]?.promise;
      return item;
    };
    for await (const answer of inTurn(items, 3, work)) answers.push(answer);
  })();
  for (const last of [2, 1]) done[last]?.resolve();
  await new Promise(setImmediate);
  expect([began, answers]).toEqual([[0, 1, 2], []]);
  done[0]?.resolve();
  await new Promise(setImmediate);
  expect([began, answers]).toEqual([
    [0, 1, 2, 3, 4, 5],
    [0, 1, 2],
  ]);
  for (const each of done) each.resolve();
  await all;
  expect(answers).toEqual([0, 1, 2, 3, 4, 5]);
});

it("fails in its turn", async () => {
  const answers: number[] = [];
  const work = (item: number) => (item === 1 ? Promise.reject(new Error("The second.")) : Promise.resolve(item));
  const reading = (async () => {
    for await (const answer of inTurn([0, 1, 2], 3, work)) answers.push(answer);
  })();
  await expect(reading).rejects.toThrow("The second.");
  expect(answers).toEqual([0]);
});
