import type * as proto from "@clew/proto/connect/clew/run/v1/run_pb";
import type { Json } from "./json.ts";

/** A run as every door shows it. */
export type Run = Json<proto.Run, proto.RunJson> & Required<Pick<Json<proto.Run, proto.RunJson>, "spec" | "usage" | "createTime">>;

/** What to run, and how: one of `directive`, `playbook` and `playbookSource`; whatever is left out has its default. */
export type RunSpec = proto.RunSpecJson;

/** Where a run stands. */
export type RunState = proto.Run_StateJson;

/** What came of a run. */
export type Outcome = Json<proto.Outcome, proto.OutcomeJson>;

/** A file that a run left behind. */
export type Artifact = Json<proto.Artifact, proto.ArtifactJson>;

const terminalStates: ReadonlySet<RunState> = new Set<RunState>(["COMPLETED", "FAILED", "TIMED_OUT", "TERMINATED"]);

/** Whether a run in this state is over for good. */
export function isTerminal(state: RunState): boolean {
  return terminalStates.has(state);
}
