import { create, toBinary } from "@bufbuild/protobuf";
import { type Run, RunSchema } from "@clew/proto/connect/clew/run/v1/run_pb";
import { type StreamRunEventsResponse_End, StreamRunEventsResponse_EndSchema } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import type { Position } from "./position.ts";

/** How a run ended, and where. */
export interface RunEnd {
  readonly position: Position;
  readonly said: StreamRunEventsResponse_End;
}

/** Roughly what an end costs for itself, and for each byte it has on the wire: decoded, and written as JSON once it was told. */
const ownCost = 512;
const byteCost = 8;

/** What keeping an end costs in memory, in bytes. */
export function endCost({ said }: RunEnd): number {
  return ownCost + byteCost * toBinary(StreamRunEventsResponse_EndSchema, said).byteLength;
}

/** Leaves in an end what a reader who may have events of these types only may know of the Run, as the orchestrator does. */
export function showEnd(end: RunEnd, types: ReadonlySet<string> | undefined): RunEnd {
  const { run, lastSequence } = end.said;
  if (types === undefined || types.has("runFinished") || run === undefined) return end;
  return { position: end.position, said: create(StreamRunEventsResponse_EndSchema, { run: showRun(run, types), lastSequence }) };
}

function showRun(run: Run, types: ReadonlySet<string>): Run {
  const shown = create(RunSchema, {
    id: run.id,
    tenant: run.tenant,
    state: run.state,
    attempt: run.attempt,
    effects: run.effects,
    lastSequence: run.lastSequence,
    resumeToken: run.resumeToken,
  });
  for (const time of ["createTime", "startTime", "endTime"] as const) if (run[time] !== undefined) shown[time] = run[time];
  if (types.has("runCreated")) {
    shown.parentRun = run.parentRun;
    if (run.spec !== undefined) shown.spec = run.spec;
    if (run.playbook !== undefined) shown.playbook = run.playbook;
  }
  if (types.has("outcomePublished") && run.outcome !== undefined) shown.outcome = run.outcome;
  return shown;
}
