import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { openInTime } from "./open-in-time.ts";

/** Something that is open once it was told to, and counts how often it was closed. */
function room() {
  const { promise, resolve, reject } = Promise.withResolvers<AsyncDisposable>();
  const counts = { closed: 0 };
  const open = () =>
    resolve({
      [Symbol.asyncDispose]: async () => {
        counts.closed += 1;
      },
    });
  return { opening: promise, open, reject, counts };
}

const { signal } = new AbortController();

it("gives what is open, which stays open", async () => {
  const { opening, open, counts } = room();
  open();
  await expect(openInTime(opening, signal)).resolves.toBe(await opening);
  expect(counts.closed).toBe(0);
});

it("closes what is open too late, and rejects after that", async () => {
  const { opening, open, counts } = room();
  const stop = new AbortController();
  const opened = openInTime(opening, stop.signal);
  const over = opened.catch(() => counts.closed);
  stop.abort(new Error("enough"));
  // Whoever rejects at once has done so by then.
  await setImmediate();
  open();
  await expect(opened).rejects.toThrow("enough");
  await expect(over).resolves.toBe(1);
});

it("rejects as what could not be opened does, and waits for nothing that never is", async () => {
  const failing = room();
  failing.reject(new Error("no room"));
  await expect(openInTime(failing.opening, signal)).rejects.toThrow("no room");
  await expect(openInTime(room().opening, AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
});
