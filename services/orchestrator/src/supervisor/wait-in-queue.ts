import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import { limits } from "../runs/limits.ts";
import type { RunLog } from "./run-log.ts";

/** Waits until a queued run has begun or is asked to stop (`moved`), or has waited as long as it may (`late`). */
export async function waitInQueue(log: RunLog, until: AbortSignal): Promise<"moved" | "late"> {
  const bySeconds =
    (log.run.createTime?.getTime() ?? Date.now()) / 1000 + (log.run.spec?.queueTimeoutSeconds ?? limits.queueTimeoutSeconds.default);
  using wait = linkSignals(until);
  const { signal } = wait;
  const moved = log.until(({ run, stop }) => run.state !== Run_State.QUEUED || stop !== undefined, { signal }).then(() => "moved" as const);
  const late = delay(Math.max(0, bySeconds * 1000 - Date.now()), { signal }).then(() => "late" as const);
  late.catch(() => {});
  moved.catch(() => {});
  return await Promise.race([moved, late]).finally(() => wait.abort());
}
