import { describe, expect, it } from "vitest";
import { planOf } from "./plan.ts";
import { readRegressions } from "./regressions.ts";
import { shrink } from "./shrink.ts";
import { replay, SimulationThread, simulate } from "./simulate.ts";

const budgetMs = 60_000;
const [most, atLeast] = [2_000, 200];
/** Other seeds every day; what fails is told with its own. */
const from = 1 + Math.floor(Date.now() / 86_400_000) * most;

describe("simulated histories", () => {
  it("that failed once do not fail again", async () => {
    const regressions = await readRegressions();
    expect(await replay(regressions.map(({ plan }) => plan))).toEqual([]);
  });

  it("hold every property, 2,000 of them or as many as there is time for", { timeout: 400_000 }, async () => {
    const { histories, failures } = await simulate({ size: "small", from, count: most, budgetMs, atLeast });
    process.stdout.write(`simulation: ${histories} histories, from seed ${from}\n`);
    expect(failures, `seeds from ${from}`).toEqual([]);
    expect(histories).toBeGreaterThanOrEqual(atLeast);
  });

  it("are the same for the same seed, in the same thread and in another", async () => {
    const plan = planOf(4, "large");
    const fingerprints: (string | undefined)[] = [];
    for (const before of [[], [planOf(5, "medium"), plan]]) {
      await using thread = new SimulationThread();
      for (const each of before) await thread.do({ kind: "plan", plan: each });
      fingerprints.push((await thread.do({ kind: "plan", plan })).fingerprint);
    }
    expect(fingerprints[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(fingerprints[1]).toBe(fingerprints[0]);
  });
});

it("shrinks a plan to the pieces without which it would not fail", async () => {
  const plan = planOf(3, "large");
  const [needed] = plan.faults;
  const smallest = await shrink(plan, async ({ faults }) => faults.some((fault) => fault === needed));
  expect(smallest).toMatchObject({ faults: [needed], readers: [], gateways: 1, runs: [{ steps: [], ending: "completed" }] });
});
