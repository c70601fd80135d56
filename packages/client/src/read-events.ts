import type { Gateway } from "./gateway.ts";
import type { RunEvent } from "./run-event.ts";

/** Which page of a run's events to read. */
export interface PageOptions {
  /** A resume token, or a sequence: only what comes after it. Absent: from the first event. */
  readonly after?: string | number | undefined;
  /** How many at most, 1 to 1000; 100 unless given. */
  readonly limit?: number;
  /** Seconds to wait for the first event, at most 60; no wait unless given. */
  readonly wait?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A page of a run's events, in order. */
export interface EventPage {
  readonly events: readonly RunEvent[];
  /** What to ask for the next page with. */
  readonly nextResumeToken: string;
  /** Whether these were all the events there are. */
  readonly upToDate: boolean;
  /** Whether the run is over and this page has its last event. */
  readonly finished: boolean;
}

/** Reads one page of a run's events; tries again for `patienceMs` while nobody answers, or as long as the gateway's calls do. */
export function readEvents(
  gateway: Gateway,
  runId: string,
  { after, limit, wait, signal, patienceMs }: PageOptions & { readonly patienceMs?: number } = {},
): Promise<EventPage> {
  return gateway.json<EventPage>({
    path: `/v1/runs/${encodeURIComponent(runId)}/events`,
    query: { after, limit, wait },
    signal,
    timeoutMs: 30_000 + (wait ?? 0) * 1000,
    ...(patienceMs === undefined ? {} : { patienceMs }),
  });
}
