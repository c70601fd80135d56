import type { PlacedRun } from "./queued-run.ts";

/** What a run that just began is counted as, in milliseconds: nobody knows yet how long it will take. */
export const countedMs = 60_000;

/** Of how many runs, about, the usual time is that of. */
const remembered = 10;

/** How much of the slots each tenant had, by the weight of its share: whoever had the least is the next. */
export class FairShares {
  readonly #weightOf: (tenant: string) => number;
  /** Milliseconds of slots, by weight, of runs that are over. */
  readonly #used = new Map<string, number>();
  #wanting: ReadonlySet<string> = new Set();
  /** What they had who want slots, at least. */
  #floor = 0;
  #usualMs = countedMs;

  /** `weightOf` says what a tenant's share weighs: twice the weight is twice the slots. */
  constructor(weightOf: (tenant: string) => number) {
    this.#weightOf = weightOf;
  }

  /** How long runs had their slots of late, in milliseconds. */
  get usualMs(): number {
    return this.#usualMs;
  }

  /** What one run more counts for its tenant. */
  stepOf(tenant: string): number {
    return countedMs / this.#weightOf(tenant);
  }

  /**
   * What each of these tenants had, its runs under way included. Who wanted nothing before counts as if it had had as much as the least of the
   * others: nobody saves up.
   */
  had(tenants: Iterable<string>, placed: readonly PlacedRun[], nowMs: number): Map<string, number> {
    const had = new Map<string, number>();
    for (const tenant of tenants) {
      const amount = this.#amount(tenant, placed, nowMs);
      had.set(tenant, this.#wanting.has(tenant) ? amount : Math.max(amount, this.#floor));
    }
    return had;
  }

  /** Notes which tenants want slots now; answers what they had. */
  note(wanting: ReadonlySet<string>, placed: readonly PlacedRun[], nowMs: number): Map<string, number> {
    const had = this.had(wanting, placed, nowMs);
    for (const [tenant, amount] of had) this.#use(tenant, amount - this.#amount(tenant, placed, nowMs));
    this.#wanting = wanting;
    if (had.size > 0) this.#floor = Math.max(this.#floor, Math.min(...had.values()));
    return had;
  }

  /** Counts a run that let go of its slot. */
  release({ tenant, sinceMs }: Pick<PlacedRun, "tenant" | "sinceMs">, nowMs: number): void {
    const heldMs = nowMs - sinceMs;
    this.#use(tenant, heldMs / this.#weightOf(tenant));
    this.#usualMs += (heldMs - this.#usualMs) / remembered;
  }

  /** Counts a slot that was held after its run was over: no run's usual time. */
  count({ tenant, sinceMs }: Pick<PlacedRun, "tenant" | "sinceMs">, nowMs: number): void {
    this.#use(tenant, (nowMs - sinceMs) / this.#weightOf(tenant));
  }

  #use(tenant: string, amount: number): void {
    this.#used.set(tenant, (this.#used.get(tenant) ?? 0) + amount);
  }

  #amount(tenant: string, placed: readonly PlacedRun[], nowMs: number): number {
    const holding = placed
      .filter((run) => run.tenant === tenant)
      .reduce((sum, { sinceMs }) => sum + Math.max(countedMs, nowMs - sinceMs), 0);
    return (this.#used.get(tenant) ?? 0) + holding / this.#weightOf(tenant);
  }
}
