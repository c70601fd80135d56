import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../../test/support/seeded-random.ts";
import { FairShares } from "./fair-shares.ts";
import { pickNext } from "./pick-next.ts";
import type { PlacedRun, QueuedRun } from "./queued-run.ts";

interface Arrival extends QueuedRun {
  /** How long it holds its slot. */
  readonly holdsMs: number;
}

interface Served {
  /** Milliseconds of slots that each tenant had. */
  readonly had: Map<string, number>;
  /** The runs that began, in order. */
  readonly begun: readonly string[];
}

/** Lets runs come, begin and end, by a clock of its own, until `untilMs` or until all that came are over. */
function serve(arrivals: readonly Arrival[], slots: number, weightOf: (tenant: string) => number, untilMs: number): Served {
  const shares = new FairShares(weightOf);
  const coming = arrivals.toSorted((a, b) => a.createTimeMs - b.createTimeMs);
  let waiting: Arrival[] = [];
  let placed: (PlacedRun & { readonly endsMs: number })[] = [];
  const had = new Map<string, number>();
  const begun: string[] = [];
  const use = (tenant: string, ms: number) => had.set(tenant, (had.get(tenant) ?? 0) + ms);
  for (let nowMs = 0; nowMs < untilMs; ) {
    while (coming[0] !== undefined && coming[0].createTimeMs <= nowMs) waiting.push(...coming.splice(0, 1));
    for (const run of placed.filter(({ endsMs }) => endsMs <= nowMs)) {
      shares.release(run, nowMs);
      use(run.tenant, nowMs - run.sinceMs);
    }
    placed = placed.filter(({ endsMs }) => endsMs > nowMs);
    const next = new Set(pickNext({ waiting, placed, slots, runsAtOnce: () => slots, nowMs }, shares).map(({ id }) => id));
    for (const { id, tenant, keys, holdsMs } of waiting.filter((run) => next.has(run.id))) {
      begun.push(id);
      placed.push({ tenant, keys, sinceMs: nowMs, endsMs: nowMs + holdsMs });
    }
    waiting = waiting.filter(({ id }) => !next.has(id));
    const soonest = Math.min(coming[0]?.createTimeMs ?? untilMs, ...placed.map(({ endsMs }) => endsMs));
    if (waiting.length + placed.length === 0 && coming.length === 0) break;
    nowMs = Math.max(nowMs + 1, soonest);
  }
  for (const { tenant, sinceMs } of placed) use(tenant, untilMs - sinceMs);
  return { had, begun };
}

/** What two tenants ask, the one ten times as much as the other; each more than half of the slots would do in the time. */
function tenToOne(slots: number, seed: number): Arrival[] {
  const random = seededRandom(seed);
  const ask = (tenant: string, count: number) =>
    Array.from({ length: count }, (_, index): Arrival => {
      const createTimeMs = Math.floor((index * 300_000) / count);
      return { id: `${tenant}/${index}`, tenant, priority: 5, createTimeMs, keys: [], holdsMs: random.integer(500, 100_000) };
    });
  return [...ask("acme", 400 * slots), ...ask("beta", 40 * slots)];
}

/** The slots that a tenant had, as a part of all that both had. */
function partOf({ had }: Served, tenant: string): number {
  return (had.get(tenant) ?? 0) / [...had.values()].reduce((sum, ms) => sum + ms, 0);
}

describe("the queue", () => {
  it.each([
    [1, 1, 0.5],
    [4, 1, 0.5],
    [4, 3, 0.25],
  ])(
    "at %i slots gives two tenants, 10 to 1 load, service within a tenth of fair, where the larger weighs %i (of %d)",
    (slots, weight, fair) => {
      const weightOf = (tenant: string) => (tenant === "acme" ? weight : 1);
      for (let seed = 1; seed <= 10; seed++) {
        const part = partOf(serve(tenToOne(slots, seed), slots, weightOf, 1_800_000), "beta");
        expect(Math.abs(part - fair), `seed ${seed}`).toBeLessThan(fair * 0.1);
      }
    },
  );

  it("begins every run in the end, whatever its priority, its keys and what others ask", () => {
    const arrival = fc.record({
      tenant: fc.constantFrom("acme", "beta", "gamma"),
      priority: fc.integer({ min: 0, max: 9 }),
      createTimeMs: fc.integer({ min: 0, max: 3_600_000 }),
      keys: fc.uniqueArray(fc.constantFrom("a", "b", "c"), { maxLength: 2 }),
      holdsMs: fc.integer({ min: 500, max: 120_000 }),
    });
    fc.assert(
      fc.property(fc.array(arrival, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (given, slots) => {
        const arrivals = given.map((one, index): Arrival => ({ ...one, id: `run-${index}` }));
        const { begun } = serve(arrivals, slots, () => 1, Number.MAX_SAFE_INTEGER);
        expect(begun.toSorted()).toEqual(arrivals.map(({ id }) => id).toSorted());
      }),
      { numRuns: 200, seed: 7 },
    );
  });

  it("begins a run of the lowest priority although more of the highest come than there are slots for", () => {
    const high = Array.from({ length: 400 }, (_, index): Arrival => {
      return { id: `high-${index}`, tenant: "acme", priority: 9, createTimeMs: index * 30_000, keys: [], holdsMs: 60_000 };
    });
    const low: Arrival = { id: "low", tenant: "acme", priority: 0, createTimeMs: 0, keys: [], holdsMs: 60_000 };
    const { begun } = serve([low, ...high], 1, () => 1, Number.MAX_SAFE_INTEGER);
    expect(begun.indexOf("low")).toBeLessThan(200);
  });
});
