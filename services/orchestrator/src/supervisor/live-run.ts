import type { Fault } from "@clew/fault/fault";
import type { RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import type { QueuedRun } from "../queue/run-queue.ts";
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
  /** Ends the run and its sandbox for what befell the volume. */
  fail?: (fault: Fault) => void;
}

/** A live run as the queue sees it. */
export function toQueued(id: RunId, { log: { run } }: LiveRun): QueuedRun {
  return { id, priority: run.spec?.priority ?? limits.priority.default, createTimeMs: run.createTime?.getTime() ?? 0 };
}
