import { type PlaybookReference, Run, Run_Effects, Run_State, type RunSpec, Usage } from "@clew/proto/grpc/clew/run/v1/run";
import { parentOf } from "./lineage.ts";
import type { RunId } from "./run-id.ts";
import { withoutSecrets } from "./spec.ts";

/** What a new run is made of. */
export interface NewRun {
  readonly id: RunId;
  readonly tenant: string;
  /** With its secrets, which the Run does not have. */
  readonly spec: RunSpec;
  /** Undefined where an agent does without one. */
  readonly playbook: PlaybookReference | undefined;
  readonly traceparent: string | undefined;
  readonly createTime: Date;
}

/** Makes the Run that a run begins as. */
export function newRun({ id, tenant, spec, playbook, traceparent, createTime }: NewRun): Run {
  const run = Run.fromPartial({ id, tenant, state: Run_State.QUEUED, effects: Run_Effects.NONE, traceparent, parentRun: parentOf(spec) });
  return { ...run, spec: withoutSecrets(spec, playbook?.sha256), playbook, usage: Usage.fromPartial({}), createTime };
}
