import { invalidRequest, type Violation } from "@clew/fault/fault";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import type { ListRunsRequest, ListRunsResponse } from "@clew/proto/grpc/clew/run/v1/run_service";
import type { Caller } from "../access/caller.ts";
import { limits } from "../runs/limits.ts";
import { formatPageToken, parsePageToken } from "../runs/page-token.ts";
import type { Runs } from "../supervisor/runs.ts";

/** Lists a tenant's runs, newest first, with what is big left out. */
export async function listRuns(request: ListRunsRequest, caller: Caller, runs: Runs): Promise<ListRunsResponse> {
  const violations: Violation[] = [];
  const { pageSize, createdAfter, createdBefore, playbook, parentRun } = request;
  if (pageSize > limits.listPageSize.max)
    violations.push({
      field: "pageSize",
      rule: "range",
      message: `must be 0 to ${limits.listPageSize.max}; 0 is ${limits.listPageSize.default}`,
    });
  if (request.state.includes(Run_State.STATE_UNSPECIFIED)) violations.push({ field: "state", rule: "enum", message: "must be a state" });
  const labels = request.label.map((text): readonly [string, string] => {
    const colon = text.indexOf(":");
    if (colon < 1) violations.push({ field: "label", rule: "label", message: "must be key:value" });
    return [text.slice(0, colon), text.slice(colon + 1)];
  });
  const [first, ...others] = violations;
  if (first !== undefined) throw invalidRequest([first, ...others]);
  const filter = {
    tenant: caller.tenant,
    states: [...request.state].sort(),
    labels: labels.sort(([a], [b]) => (a < b ? -1 : 1)),
    createdAfterMs: createdAfter?.getTime(),
    createdBeforeMs: createdBefore?.getTime(),
    playbook,
    parentRun,
  };
  const limit = pageSize === 0 ? limits.listPageSize.default : pageSize;
  const found = runs.list(filter, parsePageToken(request.pageToken, filter), limit + 1);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const more = found.length > limit && last !== undefined;
  const nextPageToken = more ? formatPageToken({ createTimeMs: last.createTime?.getTime() ?? 0, id: last.id }, filter) : "";
  return { runs: page.map(leaveOutBig), nextPageToken };
}

function leaveOutBig(run: Run): Run {
  const spec =
    run.spec === undefined ? undefined : { ...run.spec, params: undefined, outputSchema: undefined, checks: [], guardrails: undefined };
  const outcome = run.outcome === undefined ? undefined : { ...run.outcome, data: undefined, extractedTexts: [], sessionMemory: "" };
  return { ...run, spec, outcome, unconfirmedActions: [] };
}

type Run = ReturnType<Runs["list"]>[number];
