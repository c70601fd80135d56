import type { FairShares } from "./fair-shares.ts";
import { pickNext, type QueueView } from "./pick-next.ts";
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
  const wanted = pickNext({ ...view, placed: [...view.placed, ...staying] }, shares);
  const ending = kept.filter(({ isEnding }) => isEnding);
  let free = kept.filter(({ isFree }) => isFree);
  const named: string[] = [];
  // As many as are about to end make room by themselves.
  for (const { tenant } of wanted.slice(ending.length)) {
    const own = (slots: readonly PlacedRun[]) => slots.filter((slot) => slot.tenant === tenant);
    const isBounded = own([...view.placed, ...staying, ...free]).length >= view.runsAtOnce(tenant);
    const [next] = isBounded ? [...own(free), ...free] : free;
    const found = free.find((slot) => slot === next);
    if (found === undefined) break;
    free = free.filter((slot) => slot !== found);
    named.push(found.runId);
  }
  return named;
}
