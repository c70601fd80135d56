/** How many sandboxes may wait for runs. */
export interface WarmBounds {
  /** As many wait whenever there is room. */
  readonly least: number;
  /** As many where runs come often. */
  readonly most: number;
  /** Bytes of memory that all of them may have together. */
  readonly memoryBytes: number;
}

/** What the number of waiting sandboxes goes by. */
export interface WarmView {
  /** Runs that were given a sandbox within the last half minute. */
  readonly startsLately: number;
  /** Sandboxes that may be beside those of runs. */
  readonly freeSlots: number;
  /** Whether the machine has less memory left than a run may need. */
  readonly isMemoryShort: boolean;
  /** Bytes of memory that each waiting sandbox has; 0 of one that is not known yet. */
  readonly memories: readonly number[];
}

/** Says how many sandboxes are to wait now: as many as were wanted lately, within the bounds, and never one that a run could need the room of. */
export function warmTarget({ least, most, memoryBytes }: WarmBounds, view: WarmView): number {
  if (view.isMemoryShort) return 0;
  const largest = Math.max(0, ...view.memories);
  const within = largest === 0 ? most : Math.floor(memoryBytes / largest);
  return Math.max(0, Math.min(most, Math.max(least, view.startsLately), view.freeSlots, within));
}
