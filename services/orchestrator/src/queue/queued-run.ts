/** A run that waits for a slot. */
export interface QueuedRun {
  readonly id: string;
  readonly tenant: string;
  /** 0 to 9, higher first. */
  readonly priority: number;
  /** When it was created, in milliseconds since the epoch; earlier first. */
  readonly createTimeMs: number;
  /** What one run of its tenant at a time may hold: it begins when nobody holds any of them, and holds them until it is over. */
  readonly keys: readonly string[];
}

/** A run that has a slot. */
export interface PlacedRun extends Pick<QueuedRun, "tenant" | "keys"> {
  /** Since when, by the clock that the queue is asked by. */
  readonly sinceMs: number;
}

/** What a level of priority is worth: a run goes before those of its tenant that are a level higher, once it is so much older. So none waits for ever. */
export const levelMs = 600_000;

/** Orders two waiting runs of a tenant: by age, where each level of priority counts as ten minutes of it. */
export function byTurn(a: QueuedRun, b: QueuedRun): number {
  return turnOf(a) - turnOf(b) || a.createTimeMs - b.createTimeMs || (a.id < b.id ? -1 : 1);
}

function turnOf({ createTimeMs, priority }: QueuedRun): number {
  return createTimeMs - priority * levelMs;
}
