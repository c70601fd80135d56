import { Artifact_Kind, Run } from "@clew/proto/grpc/clew/run/v1/run";
import { storeArtifact } from "../artifacts/artifact-store.ts";
import { shorten } from "../runs/event.ts";
import { shortOutcome } from "../runs/fit-outcome.ts";
import { limits } from "../runs/limits.ts";
import { formatRun } from "./run-json.ts";
import type { RunDraft } from "./run-log.ts";
import { artifactStored } from "./take-artifact.ts";

const keptChars = 200;
const keptNameChars = 100;
const keptActions = 10;

/** A Run that fits its last event, and the events that are to come before that. */
export interface FittedRun {
  readonly run: Run;
  readonly drafts: readonly RunDraft[];
}

/** Makes a Run that has ended fit its last event: what is too large goes to an artifact that the event names. Its position and its end are the event's own. */
export async function fitRun(run: Run, runFolder: string): Promise<FittedRun> {
  if (fits(run)) return { run, drafts: [] };
  const name = "run.json";
  const stored = await storeArtifact(runFolder, name, [Buffer.from(await formatRun({ ...run, runArtifact: name }))]);
  const draft: RunDraft = {
    attempt: run.attempt,
    ...artifactStored({ name, kind: Artifact_Kind.DATA, contentType: "application/json", ...stored }),
  };
  const outcome = run.outcome && { ...shortOutcome(run.outcome), dataArtifact: name };
  const spec = run.spec && {
    ...run.spec,
    params: undefined,
    outputSchema: undefined,
    checks: [],
    guardrails: undefined,
    browser: undefined,
  };
  const unconfirmedActions = run.unconfirmedActions.slice(-keptActions).map((begun) => ({
    ...begun,
    actionId: shorten(begun.actionId, keptNameChars),
    action: shorten(begun.action, keptNameChars),
    inputSummary: shorten(begun.inputSummary, keptChars),
  }));
  const fitted = { ...run, outcome, spec, unconfirmedActions, runArtifact: name };
  return { run: fits(fitted) ? fitted : { ...leastRun(run), runArtifact: name }, drafts: [draft] };
}

/** What a Run's last event says at least: which run, and how it ended. It always fits. */
export function leastRun({ id, tenant, state, attempt, createTime, startTime, outcome, effects, usage }: Run): Run {
  return Run.fromPartial({ id, tenant, state, attempt, createTime, startTime, outcome: outcome && shortOutcome(outcome), effects, usage });
}

function fits(run: Run): boolean {
  return Run.encode(run).finish().byteLength <= limits.eventBytes - limits.eventHeadroomBytes;
}
