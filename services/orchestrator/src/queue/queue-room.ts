import { Fault } from "@clew/fault/fault";

/** How full the queue is, for all and for the tenant that asks. */
export interface QueueLoad {
  readonly queued: number;
  readonly running: number;
  readonly mostQueued: number;
  readonly tenantQueued: number;
  /** How many runs of the tenant may wait. */
  readonly tenantMost: number;
  readonly slots: number;
  /** How long a run usually has its slot. */
  readonly usualMs: number;
}

const retryMs = { least: 1_000, most: 60_000 };

/** @throws Fault QUEUE_FULL where no run more may wait, with the time in which the next one usually begins. */
export function demandQueueRoom(load: QueueLoad): void {
  const { queued, running, mostQueued, tenantQueued, tenantMost, slots, usualMs } = load;
  if (queued < mostQueued && tenantQueued < tenantMost) return;
  const retryAfterMs = Math.round(Math.min(retryMs.most, Math.max(retryMs.least, usualMs / Math.max(1, slots))));
  if (queued >= mostQueued) throw new Fault("QUEUE_FULL", { retryAfterMs, details: { queued: `${queued}`, running: `${running}` } });
  const message = `${tenantQueued} runs of this tenant wait already, as many as may.`;
  throw new Fault("QUEUE_FULL", { message, retryAfterMs, details: { queued: `${tenantQueued}`, limit: `${tenantMost}` } });
}
