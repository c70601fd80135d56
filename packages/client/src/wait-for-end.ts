import { Fault } from "@clew/fault/fault";
import { delay } from "@clew/streams/delay";
import { cancelled } from "./cancelled.ts";
import type { Gateway } from "./gateway.ts";
import { isTerminal, type Run } from "./run.ts";

/** How to wait for the end of a run. */
export interface WaitForEndOptions {
  readonly signal: AbortSignal;
  /** Milliseconds the gateway may stay away before the wait gives up. */
  readonly patienceMs: number;
}

const waitSeconds = 30;
const shortestRoundMs = 500;

/** Asks for the run, again and again, until it is over; nothing is held open for longer than 30 s. Throws what GetRun throws. */
export async function waitForEnd(gateway: Gateway, runId: string, { signal, patienceMs }: WaitForEndOptions): Promise<Run> {
  for (;;) {
    const askedAt = performance.now();
    const run = await getRun(gateway, runId, { waitSeconds, signal, patienceMs });
    if (isTerminal(run.state)) return run;
    // A gateway that does not wait must not be asked in a hurry.
    const restMs = shortestRoundMs - (performance.now() - askedAt);
    if (restMs > 0) {
      await delay(restMs, { signal }).catch(() => {
        throw cancelled(signal);
      });
    }
  }
}

/** Reads a run; with `waitSeconds`, answers when it is over or that time has passed. */
export function getRun(
  gateway: Gateway,
  runId: string,
  options: { readonly waitSeconds?: number | undefined; readonly signal?: AbortSignal | undefined; readonly patienceMs?: number } = {},
): Promise<Run> {
  const { waitSeconds: wait = 0, signal, patienceMs } = options;
  if (!(wait >= 0 && wait <= 60)) throw new Fault("INVALID_REQUEST", { message: "wait: from 0 to 60 seconds." });
  return gateway.json<Run>({
    path: `/v1/runs/${encodeURIComponent(runId)}`,
    query: { wait: wait > 0 ? `${wait}s` : undefined },
    signal,
    timeoutMs: 30_000 + wait * 1000,
    ...(patienceMs === undefined ? {} : { patienceMs }),
  });
}
