import type { Fault } from "@clew/fault/fault";
import type { Run, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import type { QueuedRun } from "../queue/queued-run.ts";
import { limits } from "../runs/limits.ts";
import type { RunId } from "../runs/run-id.ts";
import type { PlaybookTexts } from "./playbook-artifacts.ts";
import type { RunLog } from "./run-log.ts";
import type { RunSecrets } from "./run-secrets.ts";

/** A run that is not over, as this process keeps it. */
export interface LiveRun extends PlaybookTexts {
  readonly log: RunLog;
  /** With the credentials, which are nowhere else. */
  readonly spec: RunSpec;
  /** What must never be written of it, and the answers people gave. */
  readonly secrets: RunSecrets;
  /** Keeps the journal open while the run is not over. */
  readonly hold: Disposable;
  /** Settles when the run is over or let go of; undefined while it waits for a slot. */
  supervising: Promise<void> | undefined;
  /** Since when it has a slot, in milliseconds of this process's own clock. */
  slotSinceMs?: number;
  /** Ends the run and its sandbox for what befell the volume. */
  fail?: (fault: Fault) => void;
}

/** A run as the queue sees it. */
export function toQueued(id: RunId, { spec, tenant, createTime }: Run): QueuedRun {
  return { id, tenant, priority: spec?.priority ?? limits.priority.default, createTimeMs: createTime?.getTime() ?? 0, keys: keysOf(spec) };
}

/** What one run of a tenant at a time may hold: the key its spec names, and the saved login that it writes. */
export function keysOf(spec: Pick<RunSpec, "concurrencyKey" | "browserState"> | undefined): string[] {
  const { concurrencyKey, browserState } = spec ?? {};
  return [
    ...(concurrencyKey === undefined ? [] : [`key ${concurrencyKey}`]),
    ...(browserState === undefined ? [] : [`browserState ${browserState}`]),
  ];
}
