import type { FairShares } from "./fair-shares.ts";
import { type QueueView, wouldPick } from "./pick-next.ts";
import type { PlacedRun } from "./queued-run.ts";

/** A slot that a kept sandbox holds, though its run is over. */
export interface KeptSlot extends PlacedRun {
  /** The run that left it. */
  readonly runId: string;
  /** Whether no run is to continue in it, and it is not about to end. */
  readonly isFree: boolean;
  readonly isEnding: boolean;
}

/**
 * Names, by the runs that left them, the kept sandboxes that are to end so that runs which wait can begin: the oldest first, but the tenant's own where its own
 * bound keeps its run waiting. `kept` are the oldest first, and none of them is in the view.
 */
export function keptInTheWay(view: QueueView, kept: readonly KeptSlot[], shares: FairShares): string[] {
  if (view.waiting.length === 0 || !kept.some(({ isFree }) => isFree)) return [];
  const staying = kept.filter(({ isFree, isEnding }) => !isFree && !isEnding);
  const wanted = wouldPick({ ...view, placed: [...view.placed, ...staying] }, shares);
  const ending = kept.filter(({ isEnding }) => isEnding);
  let free = kept.filter(({ isFree }) => isFree);
  const named: string[] = [];
  for (const [index, { tenant }] of wanted.entries()) {
    // As many as are about to end make room by themselves.
    if (index < ending.length) continue;
    const own = <Slot extends Pick<PlacedRun, "tenant">>(slots: readonly Slot[]) => slots.filter((slot) => slot.tenant === tenant);
    const before = own<Pick<PlacedRun, "tenant">>([...view.placed, ...staying, ...free, ...wanted.slice(0, index)]);
    const [found] = before.length >= view.runsAtOnce(tenant) ? own(free) : free;
    if (found === undefined) break;
    free = free.filter((slot) => slot !== found);
    named.push(found.runId);
  }
  return named;
}
