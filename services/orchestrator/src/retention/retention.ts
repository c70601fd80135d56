/** How long something is kept after a run is over, in milliseconds. */
export interface KeptFor {
  /** The run itself: its events, and all else of it. */
  readonly eventsMs: number;
  /** Its artifacts; never longer than the run. */
  readonly artifactsMs: number;
}

/** How long runs are kept, by tenant. */
export interface Retention {
  readonly usual: KeptFor;
  /** What is otherwise for some tenants. */
  readonly tenants: ReadonlyMap<string, Partial<KeptFor>>;
}

/** Says what is removed of a tenant's runs: artifacts, or the whole run, of those that were over before these times. */
export function removedBefore(
  { usual, tenants }: Retention,
  tenant: string,
  nowMs: number,
): { readonly run: number; readonly artifacts: number } {
  const { eventsMs, artifactsMs } = { ...usual, ...tenants.get(tenant) };
  return { run: nowMs - eventsMs, artifacts: nowMs - Math.min(artifactsMs, eventsMs) };
}
