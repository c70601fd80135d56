import { Run } from "@clew/proto/grpc/clew/run/v1/run";

/**
 * Leaves in a Run what events of some types would have told: `runFinished` all of it, `runCreated` what was asked,
 * `inputRequested` what it asks, and `outcomePublished` what came of it. Which run it is, how it stands and when it began and ended is always told. All of
 * it where `types` is empty.
 */
export function showRun(run: Run, types: ReadonlySet<string>): Run {
  if (types.size === 0 || types.has("runFinished")) return run;
  const { id, tenant, state, attempt, createTime, startTime, endTime, lastSequence, resumeToken, effects } = run;
  const always = { id, tenant, state, attempt, createTime, startTime, endTime, lastSequence, resumeToken, effects };
  return {
    ...Run.fromPartial({}),
    ...always,
    ...(types.has("runCreated") ? { spec: run.spec, playbook: run.playbook, parentRun: run.parentRun } : {}),
    ...(types.has("inputRequested") ? { awaits: run.awaits } : {}),
    ...(types.has("outcomePublished") ? { outcome: run.outcome } : {}),
  };
}
