import { Fault } from "@clew/fault/fault";
import type { Run, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { isTerminal } from "./transitions.ts";

/** The run that one goes on from; undefined where it begins anew. */
export function parentOf({ continueFrom, forkFrom }: Pick<RunSpec, "continueFrom" | "forkFrom">): string | undefined {
  return continueFrom ?? forkFrom;
}

/** Why no run can continue in another's sandbox now, by what is known of that one alone; undefined where one could. */
export function continueRefusal({ state, spec }: Pick<Run, "state" | "spec">): Fault | undefined {
  if ((spec?.keepAliveSeconds ?? 0) === 0)
    return new Fault("PARENT_GONE", {
      message:
        "That run was not to keep its sandbox: create it with keepAliveSeconds above 0, or fork it with forkFrom where it left its session.",
    });
  if (!isTerminal(state)) return new Fault("PARENT_BUSY", { message: "That run is not over yet: continue once it has ended." });
  return undefined;
}

/** Why a run cannot be forked from another now; undefined where it can be, or what that left is gone. */
export function forkRefusal({ state, spec }: Pick<Run, "state" | "spec">): Fault | undefined {
  if (spec?.keepAliveSeconds === undefined)
    return new Fault("PARENT_GONE", {
      message: "That run was to leave nothing for forks: create it with keepAliveSeconds, 0 where only forks follow.",
    });
  if (!isTerminal(state)) return new Fault("PARENT_BUSY", { message: "That run is not over yet: fork it once it has ended." });
  return undefined;
}
