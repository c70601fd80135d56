import type { FairShares } from "./fair-shares.ts";
import { byTurn, type PlacedRun, type QueuedRun } from "./queued-run.ts";

/** The runs there are, and what bounds those that have slots. */
export interface QueueView {
  readonly waiting: readonly QueuedRun[];
  readonly placed: readonly PlacedRun[];
  readonly slots: number;
  /** How many runs of a tenant may have slots at once. */
  readonly runsAtOnce: (tenant: string) => number;
  /** By the clock that `sinceMs` is of. */
  readonly nowMs: number;
}

/** Picks the runs that may begin now, in order: of each tenant the first whose keys nobody holds, and of the tenants the one that had the least. */
export function pickNext(view: QueueView, shares: FairShares): QueuedRun[] {
  return pick(view, shares, (wanting) => shares.note(wanting, view.placed, view.nowMs));
}

/** Answers which runs `pickNext` would pick, and changes nothing. */
export function wouldPick(view: QueueView, shares: FairShares): QueuedRun[] {
  return pick(view, shares, (wanting) => shares.had(wanting, view.placed, view.nowMs));
}

function pick(view: QueueView, shares: FairShares, hadOf: (wanting: ReadonlySet<string>) => ReadonlyMap<string, number>): QueuedRun[] {
  const free = view.slots - view.placed.length;
  if (free <= 0) return [];
  const ready = new Map([...byTenant(view.waiting)].map(([tenant, runs]) => [tenant, readyOf(tenant, runs, view)]));
  const wanting = new Set([...ready].flatMap(([tenant, runs]) => (runs.length > 0 ? [tenant] : [])));
  return interleave(ready, hadOf(wanting), shares).slice(0, free);
}

/** How many of the waiting runs are to begin before each, as things stand; what keys and a tenant's own bounds hold up is not foreseen. */
export function positionsInQueue({ waiting, placed, nowMs }: QueueView, shares: FairShares): Map<string, number> {
  const tenants = byTenant(waiting);
  const order = interleave(tenants, shares.had(tenants.keys(), placed, nowMs), shares);
  return new Map(order.map(({ id }, position) => [id, position]));
}

/** Whether a run's position is news to whoever was told another: at most three quarters of those before are still ahead. */
export function isNews(told: number, position: number): boolean {
  return position <= told * 0.75 && position < told;
}

/** The runs of each tenant, in their turn. */
function byTenant(waiting: readonly QueuedRun[]): Map<string, QueuedRun[]> {
  const tenants = Map.groupBy(waiting, ({ tenant }) => tenant);
  for (const runs of tenants.values()) runs.sort(byTurn);
  return tenants;
}

/** Those of a tenant's runs that only lack a slot. One that waits for a key keeps those after it from that key, and from its others. */
function readyOf(tenant: string, runs: readonly QueuedRun[], { placed, runsAtOnce }: QueueView): QueuedRun[] {
  const own = placed.filter((run) => run.tenant === tenant);
  const taken = new Set(own.flatMap(({ keys }) => keys));
  const room = Math.max(0, runsAtOnce(tenant) - own.length);
  const ready: QueuedRun[] = [];
  for (const run of runs) {
    if (ready.length >= room) break;
    if (!run.keys.some((key) => taken.has(key))) ready.push(run);
    for (const key of run.keys) taken.add(key);
  }
  return ready;
}

/** Puts the runs of all tenants into one order: each run comes when its tenant will have had the least, with all its runs before it counted. */
function interleave(tenants: ReadonlyMap<string, readonly QueuedRun[]>, had: ReadonlyMap<string, number>, shares: FairShares): QueuedRun[] {
  const placed = [...tenants].flatMap(([tenant, runs]) => {
    const [begin, step] = [had.get(tenant) ?? 0, shares.stepOf(tenant)];
    return runs.map((run, index) => ({ run, at: begin + index * step, index }));
  });
  return placed.sort((a, b) => a.at - b.at || a.index - b.index || byTurn(a.run, b.run)).map(({ run }) => run);
}
