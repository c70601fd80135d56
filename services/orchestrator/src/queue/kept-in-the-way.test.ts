import { expect, it } from "vitest";
import { FairShares } from "./fair-shares.ts";
import { type KeptSlot, keptInTheWay } from "./kept-in-the-way.ts";
import type { QueueView } from "./pick-next.ts";

const waiting = (...ids: string[]) =>
  ids.map((id, createTimeMs) => ({ id, tenant: id.split("/")[0] ?? "", priority: 5, createTimeMs, keys: [] }));
const kept = (runId: string, how: "free" | "reserved" | "ending" = "free"): KeptSlot => ({
  runId,
  tenant: runId.split("/")[0] ?? "",
  keys: [],
  sinceMs: 0,
  isFree: how === "free",
  isEnding: how === "ending",
});
const running = (...tenants: string[]) => tenants.map((tenant) => ({ tenant, keys: [], sinceMs: 0 }));

function named(view: Partial<QueueView>, ...slots: KeptSlot[]): string[] {
  const given = { waiting: [], placed: [], slots: 2, runsAtOnce: () => 10, nowMs: 0, ...view };
  return keptInTheWay(given, slots, new FairShares(() => 1));
}

it("names none while nobody waits, or what waits lacks something else", () => {
  expect(named({}, kept("a/1"), kept("a/2"))).toEqual([]);
  expect(named({ waiting: waiting("b/1"), placed: running("b", "b") }, kept("a/1"))).toEqual([]);
  expect(named({ waiting: waiting("b/1"), placed: running("b"), runsAtOnce: () => 1 }, kept("a/1"))).toEqual([]);
});

it("names as many as runs wait, the oldest first, whoever left them", () => {
  expect(named({ waiting: waiting("b/1") }, kept("a/1"), kept("a/2"))).toEqual(["a/1"]);
  expect(named({ waiting: waiting("b/1", "b/2", "b/3") }, kept("a/1"), kept("b/0"))).toEqual(["a/1", "b/0"]);
});

it("passes over those that a run is to continue in, and counts those that are about to end", () => {
  expect(named({ waiting: waiting("b/1", "b/2") }, kept("a/1", "reserved"), kept("a/2"))).toEqual(["a/2"]);
  expect(named({ waiting: waiting("b/1") }, kept("a/1", "ending"), kept("a/2"))).toEqual([]);
});

it("names a tenant's own where its own bound keeps its run waiting", () => {
  const runsAtOnce = (tenant: string) => (tenant === "b" ? 1 : 10);
  expect(named({ waiting: waiting("b/1"), slots: 3, runsAtOnce }, kept("a/1"), kept("b/0"))).toEqual(["b/0"]);

  const two = (tenant: string) => (tenant === "b" ? 2 : 10);
  const slots = [kept("a/1"), kept("b/0"), kept("b/1")];
  expect(named({ waiting: waiting("b/2", "b/3"), slots: 10, runsAtOnce: two }, ...slots)).toEqual(["b/0", "b/1"]);
});

it("changes nothing of what tenants had", () => {
  const [asked, other] = [new FairShares(() => 1), new FairShares(() => 1)];
  asked.release({ tenant: "a", sinceMs: 0 }, 90_000);
  other.release({ tenant: "a", sinceMs: 0 }, 90_000);
  const view = { waiting: waiting("a/2"), placed: [], slots: 1, runsAtOnce: () => 10, nowMs: 0 };
  expect(keptInTheWay(view, [kept("c/0")], asked)).toEqual(["c/0"]);
  expect(asked.had(["b"], [], 0)).toEqual(other.had(["b"], [], 0));
});
