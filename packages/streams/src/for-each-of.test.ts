import { expect, it } from "vitest";
import { forEachOf } from "./for-each-of.ts";

it("does each item once, so many at a time, and none waits for one that takes long", async () => {
  const slow = Promise.withResolvers<void>();
  const begun: number[] = [];
  const all = forEachOf([1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    if (item === 1) await slow.promise;
    if (item === 4) slow.resolve();
  });
  expect(begun).toEqual([1, 2]);
  await all;
  expect(begun).toEqual([1, 2, 3, 4]);
});

it("begins nothing more after a failure", async () => {
  const begun: number[] = [];
  const failing = forEachOf([1, 2, 3], 1, async (item) => {
    begun.push(item);
    throw new Error(`no ${item}`);
  });
  await expect(failing).rejects.toThrow("no 1");
  expect(begun).toEqual([1]);
});
