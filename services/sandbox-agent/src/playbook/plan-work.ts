import { Fault, type Violation } from "@clew/fault/fault";
import { bindParameters } from "@clew/playbook/bind-parameters";
import type { Values } from "@clew/playbook/bind-text";
import { bindUrl } from "@clew/playbook/bind-url";
import { parsePlaybook } from "@clew/playbook/parse-playbook";
import type { Playbook } from "@clew/playbook/playbook-schema";
import type { PlaybookProblem } from "@clew/playbook/problem";
import { RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import type { StartWorkRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";

/** What is to be done, read and checked. */
export interface WorkPlan {
  readonly spec: RunSpec;
  readonly playbook: Playbook;
  readonly values: Values;
  /** What is opened before the first step; empty when nothing is. */
  readonly startUrl: string | undefined;
}

/** Reads what a request asks for. Answers a Fault where it cannot be done; the orchestrator has checked the same before. */
export function planWork(request: StartWorkRequest): WorkPlan | Fault {
  const spec = request.spec ?? RunSpec.fromPartial({});
  if (request.playbookSource === "") return new Fault("NOT_IMPLEMENTED", { message: "A directive without a playbook cannot run yet." });
  const parsed = parsePlaybook(request.playbookSource);
  if ("problems" in parsed) return invalid(parsed.problems);
  const bound = bindParameters(parsed.playbook, spec.params ?? {});
  if ("problems" in bound) return invalid(bound.problems);
  const start = bindUrl(parsed.playbook.start_url ?? "", bound.values);
  const startUrl = spec.startUrl || ("text" in start ? start.text : "");
  return { spec, playbook: parsed.playbook, values: bound.values, startUrl: startUrl === "" ? undefined : startUrl };
}

function invalid(problems: readonly PlaybookProblem[]): Fault {
  const violations: Violation[] = problems.map(({ field, message, line, column }) => ({
    field,
    rule: "playbook",
    message: line === 0 ? message : `${message} (line ${line}, column ${column})`,
  }));
  const [first] = violations;
  return new Fault("PLAYBOOK_INVALID", { message: `${first?.field}: ${first?.message}`, violations });
}
