import { Fault } from "@clew/fault/fault";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Cut, Reconnects } from "./reconnects.ts";

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => vi.useRealTimers());

const cut: Cut = { fault: new Fault("CONNECTION_LOST") };
const putOff: Cut = { fault: new Fault("READERS_FULL"), afterMs: 10_000 };

function create() {
  const onTrouble = vi.fn();
  const { signal } = new AbortController();
  const reconnects = new Reconnects({ signal, connectPatienceMs: 10_000, reconnectPatienceMs: 300_000, onTrouble, random: () => 0.5 });
  return {
    reconnects,
    onTrouble,
    /** What comes of one wait, with the seconds it takes. */
    async waitFor(why: Cut) {
      const began = performance.now();
      const waiting = reconnects.wait(why).then(
        () => `waited ${Math.round((performance.now() - began) / 1_000)} s`,
        (error: unknown) => Fault.from(error).reason,
      );
      await vi.advanceTimersByTimeAsync(60_000 * 1.2);
      return waiting;
    },
  };
}

it("the time a service asks for is no time without an answer: a cut after it is not the last one", async () => {
  const { waitFor, onTrouble } = create();
  expect(await waitFor(putOff)).toBe("waited 11 s");
  expect(onTrouble).not.toHaveBeenCalled();
  expect(await waitFor(cut)).toMatch("waited");
  expect(onTrouble).toHaveBeenCalledOnce();
  expect(await waitFor(cut)).toMatch("waited");
});

it("a service that puts its reader off for ever is given up when the longer patience is over, whatever is cut between", async () => {
  const { waitFor, reconnects } = create();
  const outcomes: string[] = [];
  const began = performance.now();
  while (outcomes.at(-1) !== "READERS_FULL" && outcomes.length < 20) outcomes.push(await waitFor(putOff), await waitFor(cut));
  outcomes.pop();
  expect(outcomes.at(-1)).toBe("READERS_FULL");
  expect(performance.now() - began).toBeGreaterThan(300_000);
  reconnects.answered();
  expect(await waitFor(putOff)).toBe("waited 11 s");
});

it("one that never answers is given up when the first patience is over", async () => {
  const { waitFor } = create();
  expect([await waitFor(cut), await waitFor(cut)]).toEqual([expect.stringMatching("waited"), "CONNECTION_LOST"]);
});

it("one that puts its reader off again and again says so, once until it answers", async () => {
  const { waitFor, onTrouble, reconnects } = create();
  for (let round = 0; round < 3; round++) await waitFor(putOff);
  expect(onTrouble.mock.calls).toEqual([[putOff.fault]]);
  reconnects.answered();
  await waitFor(putOff);
  expect(onTrouble).toHaveBeenCalledOnce();
  await waitFor(putOff);
  expect(onTrouble).toHaveBeenCalledTimes(2);
});
