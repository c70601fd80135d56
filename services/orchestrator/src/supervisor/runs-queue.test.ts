import { Fault } from "@clew/fault/fault";
import { Run_Effects, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { abortable } from "@clew/streams/abortable";
import { afterEach, describe, expect, it, vi } from "vitest";
import { usualAllowance } from "../queue/allowance.ts";
import type { SandboxProvider } from "../sandboxes/sandbox-provider.ts";
import { caller, startRuns, type TestRuns } from "./runs-test-kit.ts";

/** Sandboxes that come to nothing, each once it is let go. */
class Gate {
  /** The runs that began, in order. */
  readonly begun: string[] = [];
  readonly #held = new Map<string, () => void>();

  readonly start: SandboxProvider["start"] = async ({ runId, attempt }, { signal } = {}) => {
    if (attempt === 1) {
      this.begun.push(runId);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#held.set(runId, resolve);
      await abortable(promise, signal);
    }
    throw new Fault("SANDBOX_START_FAILED");
  };

  /** Has a run fail, which gives its slot to another. */
  async letGo(runId: string): Promise<void> {
    await vi.waitFor(() => expect(this.#held.has(runId)).toBe(true), { timeout: 10_000 });
    this.#held.get(runId)?.();
  }
}

describe("the runs that wait", () => {
  let system: TestRuns | undefined;
  afterEach(() => system?.[Symbol.asyncDispose]());

  const begunAre = (gate: Gate, runIds: readonly string[]) => vi.waitFor(() => expect(gate.begun).toEqual(runIds), { timeout: 15_000 });
  const runOf = (runId: string, tenant = "default") => system?.runs.get(runId, { ...caller, tenant });

  it("of a tenant with little to do are begun in their share, however much another asks", async () => {
    const gate = new Gate();
    system = await startRuns({ slots: 0, start: gate.start });
    const { create } = system;
    await Promise.all(Array.from({ length: 60 }, () => create({ tenant: "acme" })));
    const beta = await Promise.all(Array.from({ length: 6 }, () => create({ tenant: "beta" })));
    await system.restart(undefined, 2);
    for (let last = 0; last < 20; last++) {
      await vi.waitFor(() => expect(gate.begun.length).toBeGreaterThan(last), { timeout: 10_000 });
      await gate.letGo(gate.begun[last] ?? "");
    }
    expect(gate.begun.slice(0, 20).filter((runId) => beta.includes(runId))).toHaveLength(6);
  });

  it("with one key begin one after the other, also in the next orchestrator, and take no slot meanwhile", async () => {
    const gate = new Gate();
    system = await startRuns({ slots: 3, start: gate.start });
    const spec = { concurrencyKey: "the-account" };
    const first = await system.create({ spec });
    const second = await system.create({ spec });
    const third = await system.create({ spec });
    const other = await system.create({ tenant: "acme", spec });
    const login = await system.create({ spec: { browserState: "shop" } });
    await begunAre(gate, [first, other, login]);
    const more = await system.create({ spec: { browserState: "shop" } });
    await gate.letGo(first);
    await begunAre(gate, [first, other, login, second]);
    await system.restart();
    await vi.waitFor(() => expect(runOf(second)?.attempt).toBeGreaterThan(0));
    expect([third, more].map((runId) => runOf(runId)?.state)).toEqual([Run_State.QUEUED, Run_State.QUEUED]);
    await system.runs.stop(third, caller, "", 0);
    await vi.waitFor(() => expect(runOf(third)?.state).toBe(Run_State.TERMINATED));
  });

  it("of a tenant are bounded by what the operator allows it, waiting and running", async () => {
    const gate = new Gate();
    const allowanceOf = (tenant: string) => (tenant === "acme" ? { share: 1, runsAtOnce: 1, queuedRuns: 1 } : usualAllowance);
    system = await startRuns({ slots: 3, start: gate.start, allowanceOf });
    const first = await system.create({ tenant: "acme" });
    const second = await system.create({ tenant: "acme" });
    await expect(system.create({ tenant: "acme" })).rejects.toMatchObject({ reason: "QUEUE_FULL", retryAfterMs: 20_000 });
    const other = await system.create();
    await begunAre(gate, [first, other]);
    await gate.letGo(first);
    await begunAre(gate, [first, other, second]);
  });

  it("are counted also while the volume does not let them be opened, and those that had begun are not", async () => {
    const gate = new Gate();
    const allowanceOf = (tenant: string) => ({ ...usualAllowance, queuedRuns: tenant === "acme" ? 2 : 5 });
    system = await startRuns({ slots: 1, start: gate.start, allowanceOf });
    const { create, disk } = system;
    const [first, second] = [await create({ tenant: "acme" }), await create({ tenant: "acme" })];
    await begunAre(gate, [first]);
    await system.restart(async () => disk.fail("EIO", "open"), 0);
    const third = await create({ tenant: "acme" });
    await expect(create({ tenant: "acme" })).rejects.toMatchObject({ reason: "QUEUE_FULL", details: { queued: "2", limit: "2" } });
    await create({ tenant: "beta" });
    disk.mend();
    await vi.waitFor(() => expect(system?.runs.load).toMatchObject({ queued: 3, unopened: 0 }), { timeout: 15_000 });
    await expect(create({ tenant: "acme" })).rejects.toMatchObject({ reason: "QUEUE_FULL" });
    expect([second, third].map((runId) => runOf(runId, "acme")?.state)).toEqual([Run_State.QUEUED, Run_State.QUEUED]);
  });

  it("say how many are ahead, and again as they move on; once begun, no more", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true, advanceTimeDelta: 50 });
    try {
      const gate = new Gate();
      system = await startRuns({ slots: 1, start: gate.start });
      const first = await system.create();
      const second = await system.create();
      const third = await system.create();
      expect([first, second, third].map((runId) => runOf(runId)?.queuePosition)).toEqual([undefined, 0, 1]);
      await gate.letGo(first);
      await begunAre(gate, [first, second]);
      await vi.advanceTimersByTimeAsync(6_000);
      await vi.waitFor(() => expect(runOf(third)?.queuePosition).toBe(0));
      expect(runOf(second)?.queuePosition).toBeUndefined();
      await system.runs.stop(third, caller, "", 0);
      const { events } = await system.follow(third);
      expect(events.flatMap(({ payload }) => (payload?.$case === "runQueued" ? [payload.value.position] : []))).toEqual([1, 0]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("and whose credentials a restart lost end without a slot, and nothing was done", async () => {
    system = await startRuns({ slots: 0 });
    const runId = await system.create({ spec: { credentials: { password: "hunter22" } } });
    await system.restart();
    await vi.waitFor(() => expect(runOf(runId)).toMatchObject({ state: Run_State.FAILED, effects: Run_Effects.NONE, attempt: 0 }));
    expect(runOf(runId)?.outcome?.error?.reason).toBe("CREDENTIALS_LOST");
  });
});
