import { invalidRequest } from "@clew/fault/fault";
import type { RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import type { DryRunRequest, DryRunResponse } from "@clew/proto/grpc/clew/run/v1/run_service";
import type { Caller } from "../access/caller.ts";
import { type PrepareSources, prepareRun } from "../prepare/prepare-run.ts";
import { checkSpec } from "../runs/spec.ts";
import type { Isolation } from "../sandboxes/sandbox-provider.ts";

/** What a dry run looks at, and how sandboxes are kept apart. */
export interface DryRunSources extends PrepareSources {
  readonly isolation?: Isolation;
}

/** Says what CreateRun would say of a spec, check by check. Starts and stores nothing. */
export async function dryRun({ spec: asked }: DryRunRequest, caller: Caller, sources: DryRunSources): Promise<DryRunResponse> {
  const { violations } = checkSpec(asked);
  // What is in no part of a spec is no spec.
  if (asked === undefined) throw invalidRequest([{ field: "spec", rule: "required", message: violations[0]?.message ?? "is required" }]);
  const { checks, spec } = await prepareRun(asked, caller.tenant, sources);
  return {
    valid: checks.every(({ passed }) => passed),
    checks: checks.map(({ name, message, passed }) => ({ name, message, passed })),
    warnings: warningsOf(spec),
    configSummary: { ...summaryOf(spec), ...(sources.isolation && { isolation: sources.isolation }) },
  };
}

/** What is allowed and perhaps not meant. */
function warningsOf({ maxSteps = 0, timeoutSeconds = 0, outputSchema, waitForPersonSeconds = 0, retry }: RunSpec): string[] {
  return [
    ...(maxSteps > 100 ? [`maxSteps is ${maxSteps}: a run rarely needs more than 100.`] : []),
    ...(timeoutSeconds > 1_800 ? [`timeoutSeconds is ${timeoutSeconds}: the run may hold its place for longer than 30 minutes.`] : []),
    ...(outputSchema !== undefined && !("type" in outputSchema) ? ["outputSchema has no type: any data fits it."] : []),
    ...(waitForPersonSeconds > 3_600 ? [`waitForPersonSeconds is ${waitForPersonSeconds}: a run holds its place while it waits.`] : []),
    ...(retry !== undefined && (retry.maxAttempts ?? 1) > 1 && waitForPersonSeconds > 0
      ? ["retry begins anew in another sandbox: people may be asked again."]
      : []),
  ];
}

/** The settings that would hold, without a secret. */
function summaryOf(spec: RunSpec): Record<string, unknown> {
  const { work, timeoutSeconds, maxSteps, priority, waitForPersonSeconds, viewport, recording, credentials, guardrails } = spec;
  return {
    work: work?.$case ?? "none",
    timeoutSeconds,
    maxSteps,
    priority,
    waitForPersonSeconds,
    viewport: `${viewport?.width}x${viewport?.height}`,
    recording: { ...recording },
    hasCredentials: Object.keys(credentials).length > 0,
    hasGuardrails: guardrails !== undefined,
    hasStartUrl: spec.startUrl !== undefined,
    hasOutputSchema: spec.outputSchema !== undefined,
    files: spec.files.length,
    checks: spec.checks.length,
    browserState: spec.browserState ?? "",
  };
}
