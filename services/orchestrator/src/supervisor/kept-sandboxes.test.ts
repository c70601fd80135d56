import { randomUUID } from "node:crypto";
import { Fault } from "@clew/fault/fault";
import { createLogger } from "@clew/process/logger";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { toRunId } from "../runs/run-id.ts";
import type { KeptRecord } from "../sandboxes/kept-records.ts";
import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import type { SandboxPlan, SandboxProvider } from "../sandboxes/sandbox-provider.ts";
import { Continuations } from "./continuations.ts";
import { KeptSandboxes } from "./kept-sandboxes.ts";
import { handleOf } from "./sandbox-handle.fixture.ts";

const keepMs = 600_000;
const handle = handleOf("parent");
const plan: SandboxPlan = { runId: "child", attempt: 1, runFolder: "", deadlineMs: 1_000 };
const refused = () => Promise.reject(new Error("It does not answer."));
const hung = () => Promise.reject(new Fault("SANDBOX_HUNG"));

let kept: KeptSandboxes;
let keep: () => KeptSandboxes;
let released: number;
let freed: number;
let deadlines: number[];
let warden: () => Promise<{ alive: boolean; runId: string }>;
let isAlive: () => Promise<boolean>;
let close: () => Promise<void>;
let release: () => Promise<void>;
let take: () => Promise<void>;
let records: Map<string, KeptRecord>;
let isRuns: () => Promise<boolean>;
beforeEach(async () => {
  vi.useFakeTimers();
  [released, freed, deadlines] = [0, 0, []];
  warden = async () => ({ alive: true, runId: "parent" });
  isAlive = async () => true;
  close = async () => {};
  release = async () => {};
  take = async () => {};
  records = new Map();
  isRuns = async () => false;
  const connection = {
    warden: {
      getSandbox: () => warden(),
      setDeadline: async ({ remainingMs }: { remainingMs: number }) => void deadlines.push(remainingMs),
    },
    agentEvents: { acknowledgeSandboxEvents: async () => ({}) },
    [Symbol.asyncDispose]: () => close(),
  };
  const provider: SandboxProvider = {
    isolation: "process",
    start: refused,
    find: async () => undefined,
    connect: () => connection as unknown as SandboxConnection,
    isAlive: () => isAlive(),
    kill: async () => {},
    remove: async () => {},
    clear: async () => {},
    handOver: {
      letGo: async () => {},
      take: async (given, { runId, attempt }) => {
        await take();
        return { handle: { ...given, runId, attempt }, secrets: ["hunter22"] };
      },
    },
  };
  keep = () =>
    new KeptSandboxes({
      provider,
      records: {
        save: async (record) => void records.set(record.runId, record),
        remove: async (runId) => void records.delete(runId),
        list: async () => ({ records: [...records.values()], isWhole: true }),
      },
      isRuns: () => isRuns(),
      logger: createLogger({ name: "test", level: "silent" }),
      onFreed: () => void freed++,
      release: async () => {
        released += 1;
        await release();
      },
    });
  kept = keep();
  await kept.add({ runId: "parent", tenant: "acme", handle, sinceMs: Date.now(), untilMs: Date.now() + keepMs });
});
afterEach(async () => {
  const disposed = kept[Symbol.asyncDispose]();
  await vi.advanceTimersByTimeAsync(1_000);
  await disposed;
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const reasonOf = (error: unknown) => Fault.from(error).reason;
const takeIt = () => kept.take(plan).then(() => "taken", reasonOf);
/** How often it was ended, how often its slot was freed, and whether it still has one. */
const counts = () => [released, freed, kept.slots.length];

describe("a kept sandbox", () => {
  it("ends when its time is over, and not before", async () => {
    await pass(keepMs - 1_000);
    expect(counts()).toEqual([0, 0, 1]);
    await pass(2_000);
    expect(counts()).toEqual([1, 1, 0]);
  });

  it("is had by one run, with what must not be written", async () => {
    kept.reserve("parent", "child");
    expect(() => kept.demand("parent")).toThrow(expect.objectContaining({ reason: "PARENT_BUSY" }));
    const taken = await kept.take(plan);
    expect(taken).toMatchObject({ handle: { runId: "child" }, secrets: ["hunter22"] });
    expect(counts()).toEqual([0, 1, 0]);
    expect(records.size).toBe(0);
    expect(() => kept.demand("parent")).toThrow(expect.objectContaining({ reason: "PARENT_GONE" }));
  });

  it("is there for others where the run that was to continue in it is not made", async () => {
    const continuations = new Continuations(kept, new Map());
    const made = continuations.reserveFor(toRunId(randomUUID()), { continueFrom: "parent" }, refused);
    expect(() => kept.demand("parent")).toThrow(expect.objectContaining({ reason: "PARENT_BUSY" }));
    await expect(made).rejects.toThrow("does not answer");
    kept.demand("parent");
  });

  it("waits past its time for the run that has reserved it, and ends once that gives it back", async () => {
    kept.reserve("parent", "child");
    await pass(keepMs + 60_000);
    expect(counts()).toEqual([0, 0, 1]);
    kept.giveBack("child");
    await pass(1_000);
    expect(counts()).toEqual([1, 1, 0]);
  });

  it("has, while it is reserved, no less time than it would have had", async () => {
    kept.reserve("parent", "child");
    await pass(keepMs + 60_000);
    expect(deadlines[0]).toBeGreaterThan(keepMs - 1_000);
    expect(deadlines.at(-1)).toBe(60_000);
  });

  it("is there for nobody from the moment it begins to end", async () => {
    kept.reserve("parent", "child");
    const closing = Promise.withResolvers<void>();
    close = () => closing.promise;
    warden = async () => ({ alive: false, runId: "parent" });
    await pass(1_000);
    expect(() => kept.demand("parent")).toThrow(expect.objectContaining({ reason: "PARENT_GONE" }));
    const taking = takeIt();
    const ending = kept.end("parent");
    closing.resolve();
    await pass(0);
    expect(await taking).toBe("PARENT_GONE");
    await ending;
    expect(counts()).toEqual([1, 1, 0]);
  });

  it.each(["end", "take"])("ends or is taken once, whatever comes at once: first %s", async (first) => {
    kept.reserve("parent", "child");
    const ways = { end: () => kept.end("parent"), take: takeIt, dispose: () => kept.endAll() };
    const [came] = await Promise.all(first === "take" ? [takeIt(), ways.end(), ways.dispose()] : [ways.end(), takeIt(), ways.dispose()]);
    await pass(1_000);
    expect(came).toBe(first === "take" ? "taken" : undefined);
    expect(counts()).toEqual([first === "take" ? 0 : 1, 1, 0]);
  });

  it("is left on record by an orchestrator that ends, for the next to go on keeping it for what is left of its time", async () => {
    await pass(keepMs - 5_000);
    await kept[Symbol.asyncDispose]();
    expect([released, records.size]).toEqual([0, 1]);
    kept = keep();
    (await kept.adopt())[Symbol.dispose]();
    kept.demand("parent");
    await pass(4_000);
    expect([released, records.size]).toEqual([0, 1]);
    await pass(2_000);
    expect([released, records.size]).toEqual([1, 0]);
  });

  it("whose time is over is there for the run that had reserved it, until all runs have been read", async () => {
    await kept[Symbol.asyncDispose]();
    await pass(keepMs);
    kept = keep();
    const adopting = await kept.adopt();
    await pass(5_000);
    expect(deadlines.at(-1)).toBeGreaterThanOrEqual(60_000);
    kept.reserve("parent", "child");
    adopting[Symbol.dispose]();
    await pass(5_000);
    expect(released).toBe(0);
    kept.giveBack("child");
    await pass(1_000);
    expect([released, records.size]).toEqual([1, 0]);
  });

  it.each([
    ["left to the run that has it", true, [0, 1, 0]],
    ["ended where no run has it on record", false, [1, 1, 0]],
  ] as const)("that was claimed as its orchestrator died is %s", async (_, isTheirs, expected) => {
    await kept[Symbol.asyncDispose]();
    kept = keep();
    warden = async () => ({ alive: true, runId: "child" });
    isRuns = async () => isTheirs;
    await pass(keepMs);
    (await kept.adopt())[Symbol.dispose]();
    await pass(1_000);
    expect(counts()).toEqual(expected);
    expect(records.size).toBe(0);
  });

  it.each([
    ["the run that it was given to", "child", 0],
    ["another", "other", 1],
  ])(
    "that was claimed, and put on record for nobody, as its orchestrator died is there for %s where that has reserved it, or ends",
    async (_, by, ended) => {
      await kept[Symbol.asyncDispose]();
      kept = keep();
      warden = async () => ({ alive: true, runId: "child" });
      const adopting = await kept.adopt();
      await pass(1_000);
      kept.reserve("parent", by);
      expect(released).toBe(0);
      adopting[Symbol.dispose]();
      await pass(1_000);
      expect(released).toBe(ended);
      if (ended === 0) expect(await takeIt()).toBe("taken");
    },
  );

  it.each([
    ["does not answer in time, once", ["DEADLINE_EXCEEDED"], true, "taken"],
    ["does not answer, twice", ["SANDBOX_UNREACHABLE", "DEADLINE_EXCEEDED"], true, "taken"],
    ["does not answer, ever", ["DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"], true, "PARENT_GONE"],
    ["does not answer, and is dead", ["DEADLINE_EXCEEDED"], false, "PARENT_GONE"],
    ["refuses", ["INVALID_REQUEST"], true, "PARENT_GONE"],
  ] as const)("that %s as it is handed over is asked again where that may help", async (_, reasons, lives, expected) => {
    const failures = [...reasons];
    take = async () => {
      const reason = failures.shift();
      if (reason === undefined) return;
      isAlive = async () => lives;
      throw new Fault(reason);
    };
    kept.reserve("parent", "child");
    expect(await takeIt()).toBe(expected);
    await pass(1_000);
    expect([failures, released]).toEqual([[], expected === "taken" ? 0 : 1]);
  });

  it("ends where it cannot be handed over", async () => {
    kept.reserve("parent", "child");
    take = () => Promise.reject(new Fault("SANDBOX_LOST"));
    expect(await takeIt()).toBe("PARENT_GONE");
    await pass(0);
    expect(counts()).toEqual([1, 1, 0]);
  });

  it("may be silent for less than 30 s", async () => {
    warden = refused;
    await pass(25_000);
    warden = async () => ({ alive: true, runId: "parent" });
    await pass(25_000);
    expect(counts()).toEqual([0, 0, 1]);
    warden = refused;
    await pass(35_000);
    expect(counts()).toEqual([1, 1, 0]);
  });

  it("ends at once where its warden is gone", async () => {
    warden = refused;
    isAlive = async () => false;
    await pass(1_000);
    expect(counts()).toEqual([1, 1, 0]);
  });

  it("keeps its slot, and says so to who ends it, until it is known to be dead", async () => {
    release = hung;
    await expect(kept.end("parent")).rejects.toMatchObject({ reason: "SANDBOX_HUNG" });
    await pass(60_000);
    expect(released).toBeGreaterThan(2);
    expect([freed, kept.slots.map(({ isFree, isEnding }) => [isFree, isEnding])]).toEqual([0, [[false, false]]]);
    release = async () => {};
    await pass(60_000);
    await kept.end("parent");
    expect([freed, kept.slots]).toEqual([1, []]);
  });
});
