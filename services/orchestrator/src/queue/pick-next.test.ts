import { describe, expect, it } from "vitest";
import { countedMs, FairShares } from "./fair-shares.ts";
import { isNews, pickNext, positionsInQueue, type QueueView } from "./pick-next.ts";
import { levelMs, type QueuedRun } from "./queued-run.ts";

/** `acme/late` is of acme. */
function run(id: string, createTimeMs: number, more: Partial<QueuedRun> = {}): QueuedRun {
  return { id, tenant: id.includes("/") ? (id.split("/")[0] ?? "") : "acme", priority: 5, createTimeMs, keys: [], ...more };
}

function view(waiting: readonly QueuedRun[], more: Partial<QueueView> = {}): QueueView {
  return { waiting, placed: [], slots: 10, runsAtOnce: () => 10, nowMs: 0, ...more };
}

const equal = () => new FairShares(() => 1);
const picked = (given: QueueView, shares = equal()) => pickNext(given, shares).map(({ id }) => id);
const placed = (tenant: string, keys: readonly string[] = []) => ({ tenant, keys, sinceMs: 0 });

describe("who begins next", () => {
  it("is the higher priority, and among equals the older; but one that is ten minutes older a level is before it", () => {
    const waiting = [run("late", 30), run("low", 5, { priority: 1 }), run("early", 10), run("high", 99, { priority: 9 })];
    expect(picked(view(waiting))).toEqual(["high", "early", "late", "low"]);
    const old = [run("old", 0, { priority: 0 }), run("new", 9 * levelMs, { priority: 9 }), run("newer", 9 * levelMs + 1, { priority: 9 })];
    expect(picked(view(old))).toEqual(["old", "new", "newer"]);
  });

  it.each([
    [0, 2, 2],
    [1, 2, 1],
    [2, 2, 0],
    [5, 2, 0],
  ])("with %i of %i slots taken is %i of them", (taken, slots, begun) => {
    const waiting = [run("a", 1), run("b", 2), run("c", 3)];
    expect(picked(view(waiting, { slots, placed: Array.from({ length: taken }, () => placed("acme")) }))).toHaveLength(begun);
  });

  it("is of each tenant in turn, however many one has; a weight of two has two turns", () => {
    const waiting = [run("acme/1", 1), run("acme/2", 2), run("acme/3", 3), run("acme/4", 4), run("beta/1", 8), run("beta/2", 9)];
    expect(picked(view(waiting))).toEqual(["acme/1", "beta/1", "acme/2", "beta/2", "acme/3", "acme/4"]);
    const shares = new FairShares((tenant) => (tenant === "acme" ? 2 : 1));
    expect(picked(view(waiting), shares)).toEqual(["acme/1", "beta/1", "acme/2", "beta/2", "acme/3", "acme/4"]);
  });

  it("is of the tenant that has fewer running, and at one slot of the one that had less of it", () => {
    const waiting = [run("acme/1", 1), run("beta/1", 8)];
    expect(picked(view(waiting, { slots: 2, placed: [placed("acme")] }))).toEqual(["beta/1"]);
    const shares = equal();
    picked(view(waiting), shares);
    shares.release({ tenant: "acme", sinceMs: 0 }, 5_000);
    expect(picked(view(waiting, { slots: 1 }), shares)).toEqual(["beta/1"]);
  });

  it("is not of a tenant that has all it may have at once", () => {
    const waiting = [run("acme/1", 1), run("acme/2", 2), run("beta/1", 3)];
    const runsAtOnce = (tenant: string) => (tenant === "acme" ? 2 : 10);
    expect(picked(view(waiting, { runsAtOnce, placed: [placed("acme")] }))).toEqual(["beta/1", "acme/1"]);
  });

  it("saved up nothing while it wanted nothing", () => {
    const shares = equal();
    let nowMs = 0;
    for (; nowMs < 100 * countedMs; nowMs += countedMs) {
      picked(view([run("acme/x", 1)], { nowMs }), shares);
      shares.release({ tenant: "acme", sinceMs: nowMs }, nowMs + countedMs);
    }
    const waiting = Array.from({ length: 10 }, (_, index) => [run(`acme/${index}`, index), run(`beta/${index}`, index)]).flat();
    const begun = picked(view(waiting, { nowMs, slots: 10 }), shares).map((id) => id.split("/")[0]);
    expect(begun.filter((tenant) => tenant === "beta")).toHaveLength(5);
  });
});

describe("runs with a key in common", () => {
  const [first, second, third] = [run("1", 1, { keys: ["a"] }), run("2", 2, { keys: ["a", "b"] }), run("3", 3, { keys: ["b"] })];

  it("begin one at a time, in their order, and others go by", () => {
    expect(picked(view([first, second, third, run("4", 4)]))).toEqual(["1", "4"]);
    expect(picked(view([second, third], { placed: [placed("acme", ["a"])] }))).toEqual([]);
    expect(picked(view([second, third]))).toEqual(["2"]);
  });

  it("are of one tenant: another's key of the same name is another key", () => {
    expect(picked(view([first, run("beta/1", 2, { keys: ["a"] })]))).toEqual(["1", "beta/1"]);
  });

  it("take no slot while they wait", () => {
    expect(picked(view([second, run("4", 4)], { slots: 2, placed: [placed("acme", ["a"])] }))).toEqual(["4"]);
  });
});

describe("a position in the queue", () => {
  it("is how many begin before it", () => {
    const waiting = [run("acme/1", 1), run("acme/2", 2), run("acme/3", 3), run("beta/1", 8)];
    expect(Object.fromEntries(positionsInQueue(view(waiting), equal()))).toEqual({ "acme/1": 0, "beta/1": 1, "acme/2": 2, "acme/3": 3 });
  });

  it("is told again at most forty times, however many are ahead", () => {
    let [told, times] = [100_000, 0];
    for (let position = told; position >= 0; position--) {
      if (!isNews(told, position)) continue;
      told = position;
      times += 1;
    }
    expect([told, times <= 40]).toEqual([0, true]);
    expect([isNews(1, 0), isNews(0, 0), isNews(4, 3), isNews(5, 4), isNews(3, 9)]).toEqual([true, false, true, false, false]);
  });
});
