import { afterEach, expect, test, vi } from "vitest";
import { untilStopped } from "./until-stopped.ts";

afterEach(() => vi.useRealTimers());

test("takes two signals at once for one wish: npm and the terminal both pass on a Ctrl-C", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  using wish = untilStopped();
  let insisted = false;
  void wish.insisted.then(() => (insisted = true));
  process.emit("SIGINT", "SIGINT");
  process.emit("SIGINT", "SIGINT");
  expect(await wish.asked).toBe("SIGINT");
  expect(insisted).toBe(false);
  vi.advanceTimersByTime(1_500);
  process.emit("SIGINT", "SIGINT");
  expect(await wish.insisted).toBe("SIGINT");
});

test("leaves no listener behind", () => {
  const before = process.listenerCount("SIGTERM");
  untilStopped()[Symbol.dispose]();
  expect(process.listenerCount("SIGTERM")).toBe(before);
});
