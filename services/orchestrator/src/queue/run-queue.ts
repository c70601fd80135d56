/** A run that waits for a slot. */
export interface QueuedRun {
  readonly id: string;
  /** 0 to 9, higher first. */
  readonly priority: number;
  /** When it was created, in milliseconds since the epoch; earlier first. */
  readonly createTimeMs: number;
}

/** Orders two waiting runs: by priority, then by age. */
export function byTurn(a: QueuedRun, b: QueuedRun): number {
  return b.priority - a.priority || a.createTimeMs - b.createTimeMs || (a.id < b.id ? -1 : 1);
}

/** How many runs of `waiting` come before `run`. */
export function positionInQueue(run: QueuedRun, waiting: Iterable<QueuedRun>): number {
  let ahead = 0;
  for (const other of waiting) if (other.id !== run.id && byTurn(other, run) < 0) ahead += 1;
  return ahead;
}

/** Picks who may start now, in order, where `running` of `slots` are taken. */
export function pickNext(waiting: Iterable<QueuedRun>, running: number, slots: number): QueuedRun[] {
  return [...waiting].sort(byTurn).slice(0, Math.max(0, slots - running));
}
