/** How much of the service a tenant may have. */
export interface Allowance {
  /** What its share of the slots weighs against those of others. */
  readonly share: number;
  /** How many of its runs may have slots at once. */
  readonly runsAtOnce: number;
  /** How many of its runs may wait. */
  readonly queuedRuns: number;
}

/** The allowance of whoever is given none: an equal share, and no bounds. */
export const usualAllowance: Allowance = { share: 1, runsAtOnce: Number.POSITIVE_INFINITY, queuedRuns: Number.POSITIVE_INFINITY };
