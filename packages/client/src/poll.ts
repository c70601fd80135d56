import type { Gateway } from "./gateway.ts";
import { readEvents } from "./read-events.ts";
import type { RunEvent } from "./run-event.ts";
import { type WaitForEndOptions, waitForEnd } from "./wait-for-end.ts";

/**
 * Waits for a run's end without holding anything open, and yields one event: its real `runFinished`.
 *
 * Given the run's id it can be begun again by another process. Yields nothing when `after` is already that event's token or sequence.
 */
export async function* poll(
  gateway: Gateway,
  runId: string,
  options: WaitForEndOptions & { readonly after?: string | number | undefined },
): AsyncGenerator<RunEvent> {
  const { after, signal, patienceMs } = options;
  const run = await waitForEnd(gateway, runId, { signal, patienceMs });
  if (after !== undefined && (after === run.resumeToken || Number(after) >= run.lastSequence)) return;
  const { events } = await readEvents(gateway, runId, { after: run.lastSequence - 1, limit: 1, signal, patienceMs });
  yield* events;
}
