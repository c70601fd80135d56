import { expect, test } from "vitest";
import { HandClock } from "../hub/hand-clock.fixture.ts";
import { defaultHubLimits, heartbeatMs } from "../hub/limits.ts";
import { ManyRuns } from "./many-runs.ts";
import { positionListOf } from "./position-list.ts";
import { Turns } from "./turns.ts";

test("is never silent for as long as its reader is promised a frame, whenever the runs speak and rest", () => {
  const clock = new HandClock();
  const runs = ["a", "b"];
  const written: { readonly at: number; readonly text: string }[] = [];
  const response = { hasRoom: true, write: (text: string | Uint8Array) => void written.push({ at: clock.now(), text: String(text) }) };
  const tokens = new Map(runs.map((runId) => [runId, "c1.0"]));
  const { beatMs } = defaultHubLimits;
  const many = new ManyRuns(tokens, positionListOf(runs), new Turns(runs), response, { clock, limits: defaultHubLimits, onReset() {} });
  const [a, b] = runs.map((runId) => many.sink(runId));
  // One speaks, and the other is as far as its own beat soon after, again and again at another time.
  for (let at = 0; at < 300_000; at += beatMs * 0.7) {
    clock.goTo(at);
    a?.put({ kind: "hello", position: { sequence: 0, token: "c1.0" }, tail: 0 });
    clock.goTo(at + beatMs * 0.4);
    b?.put({ kind: "checkpoint", position: { sequence: 7, token: "c1.7" } });
    if (at > 100_000) at += beatMs * 1.3;
  }
  const silences = written.slice(1).map(({ at }, index) => at - (written[index]?.at ?? 0));
  expect(Math.max(...silences)).toBeLessThan(heartbeatMs);
  const checkpoints = written.filter(({ text }) => text.includes("event: checkpoint"));
  expect(checkpoints.length).toBeGreaterThan(3);
  expect(checkpoints.every(({ text }) => text.includes("c1.7"))).toBe(true);
  many[Symbol.dispose]();
  expect(clock.isIdle).toBe(true);
});
