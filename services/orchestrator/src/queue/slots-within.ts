/** What bounds how many runs have slots at once. */
export interface Capacity {
  readonly maxRuns: number;
  /** Bytes that all sandboxes may have together; undefined: as many as they need. */
  readonly memoryBytes: number | undefined;
  /** Bytes that one sandbox may have. */
  readonly sandboxMemoryBytes: number;
}

/** How many slots there are: as many as runs may be, and as sandboxes that take all they may find room for. */
export function slotsWithin({ maxRuns, memoryBytes, sandboxMemoryBytes }: Capacity): number {
  return memoryBytes === undefined ? maxRuns : Math.min(maxRuns, Math.floor(memoryBytes / sandboxMemoryBytes));
}
