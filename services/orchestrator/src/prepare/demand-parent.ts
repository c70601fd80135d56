import { Fault } from "@clew/fault/fault";
import type { Run, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { forkRefusal } from "../runs/lineage.ts";
import type { KeptSessions } from "../states/kept-sessions.ts";

/** Where the runs that others go on from are found. */
export interface ParentSources {
  /** A tenant's run. @throws Fault RUN_NOT_FOUND, RUN_DELETED or RUN_EXPIRED. */
  readonly findRun: (runId: string, tenant: string) => Run;
  readonly sessions: Pick<KeptSessions, "demandKey" | "read" | "remove">;
  /** @throws Fault PARENT_GONE where what a run left cannot be continued in, PARENT_BUSY where it cannot yet. */
  readonly demandKept: (parent: Run) => void;
}

/**
 * Looks whether what a run is to leave can be kept, and whether the one it goes on from left something. Answers what was found.
 *
 * @throws Fault STATE_KEY_MISSING, PARENT_BUSY or PARENT_GONE; RUN_NOT_FOUND, RUN_DELETED or RUN_EXPIRED.
 */
export async function demandParent(
  { continueFrom, forkFrom, keepAliveSeconds }: Pick<RunSpec, "continueFrom" | "forkFrom" | "keepAliveSeconds">,
  tenant: string,
  { findRun, sessions, demandKept }: ParentSources,
): Promise<string> {
  if (keepAliveSeconds === 0) sessions.demandKey();
  if (continueFrom !== undefined) {
    demandKept(findRun(continueFrom, tenant));
    return `continues in the browser of ${continueFrom}`;
  }
  if (forkFrom === undefined) return keepAliveSeconds === undefined ? "begins anew" : "begins anew, and may be gone on from";
  const parent = findRun(forkFrom, tenant);
  const refusal = forkRefusal(parent);
  if (refusal !== undefined) throw refusal;
  if ((await sessions.read(parent)) === undefined) throw new Fault("PARENT_GONE");
  return `forked from ${forkFrom}`;
}
