import { Fault, type Violation } from "@clew/fault/fault";
import type { Values } from "@clew/playbook/bind-text";
import { bindUrl } from "@clew/playbook/bind-url";
import { parsePlaybook } from "@clew/playbook/parse-playbook";
import { literal } from "@clew/playbook/placeholder";
import type { Playbook, PlaybookCheck } from "@clew/playbook/playbook-schema";
import type { PlaybookProblem } from "@clew/playbook/problem";
import { checkSchema } from "@clew/playbook/schema/condition";
import { type Check, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import type { StartWorkRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { type OutputSchema, readOutputSchema } from "./check-output.ts";
import { valuesFor } from "./values-for.ts";

/** What is to be done, read and checked. */
export interface WorkPlan {
  readonly spec: RunSpec;
  /** What is to be done in words, where there is no playbook for it; empty otherwise. */
  readonly directive: string;
  readonly playbook: Playbook | undefined;
  /** The playbook's text; empty where there is none. */
  readonly source: string;
  /** The playbooks that may be called, by id. */
  readonly calledPlaybooks: ReadonlyMap<string, Playbook>;
  readonly values: Values;
  /** What is opened before the first step; empty when nothing is. */
  readonly startUrl: string | undefined;
  /** The same where the caller or the playbook names it: where the session before stood is a page's doing. */
  readonly namedStart: string | undefined;
  /** What the agent of the run before it noted; empty where there was none. */
  readonly memory: string;
  /** What the run's own conditions on the final page are. */
  readonly checks: readonly PlaybookCheck[];
  /** What the outcome's data must fit. */
  readonly outputSchema: OutputSchema | undefined;
}

/** The same, where there is a playbook for it. */
export type PlaybookPlan = WorkPlan & { readonly playbook: Playbook };

/** Whether there is a playbook for what is to be done. */
export function hasPlaybook(plan: WorkPlan): plan is PlaybookPlan {
  return plan.playbook !== undefined;
}

/** The address that the work opens first, where that is known. */
export function firstAddress({ startUrl, playbook, values }: Pick<WorkPlan, "startUrl" | "playbook" | "values">): string | undefined {
  const first = playbook?.steps[0];
  if (startUrl !== undefined || first?.action !== "goto") return startUrl;
  const bound = bindUrl(first.params.url, values);
  return "text" in bound ? bound.text : undefined;
}

/** Reads what a request asks for. Answers a Fault where it cannot be done; the orchestrator has checked most of it before. */
export function planWork(request: StartWorkRequest): WorkPlan | Fault {
  const spec = request.spec ?? RunSpec.fromPartial({});
  const outputSchema = spec.outputSchema === undefined ? undefined : readOutputSchema(spec.outputSchema);
  if (outputSchema instanceof Fault) return outputSchema;
  const checks = spec.checks.map(toCheck);
  const { address = "", memory = "" } = request.session ?? {};
  const startOf = (...starts: readonly string[]) => starts.find((start) => start !== "");
  if (request.playbookSource === "") {
    if (spec.work?.$case !== "directive") return new Fault("INVALID_REQUEST", { message: "There is neither a playbook nor a directive." });
    const namedStart = startOf(spec.startUrl ?? "");
    return {
      spec,
      directive: spec.work.value,
      playbook: undefined,
      source: "",
      calledPlaybooks: new Map(),
      values: new Map(),
      startUrl: namedStart ?? startOf(address),
      namedStart,
      memory,
      checks,
      outputSchema,
    };
  }
  const parsed = parsePlaybook(request.playbookSource, { wasRight: true });
  if ("problems" in parsed) return invalid(parsed.problems);
  const { playbook } = parsed;
  const calledPlaybooks = new Map<string, Playbook>();
  for (const [id, source] of Object.entries(request.calledPlaybooks)) {
    const called = parsePlaybook(source, { id, wasRight: true });
    if ("problems" in called) return invalid(called.problems.map((problem) => ({ ...problem, field: `${id}: ${problem.field}` })));
    calledPlaybooks.set(id, called.playbook);
  }
  const bound = valuesFor(playbook, spec.params ?? {}, request.credentials);
  if ("problems" in bound) return invalid(bound.problems);
  const start = bindUrl(playbook.start_url ?? "", bound.values);
  const namedStart = startOf(spec.startUrl ?? "", "text" in start ? start.text : "");
  return {
    spec,
    directive: "",
    playbook,
    source: request.playbookSource,
    calledPlaybooks,
    values: bound.values,
    startUrl: namedStart ?? startOf(address),
    namedStart,
    memory,
    checks,
    outputSchema,
  };
}

/** A condition of the run, which holds no placeholders. */
function toCheck({ name, urlContains, elementVisible, elementGone, textOnPage }: Check): PlaybookCheck {
  return checkSchema.parse({
    name: literal(name),
    ...(urlContains !== undefined && { url_contains: literal(urlContains) }),
    ...(elementVisible !== undefined && { element_visible: literal(elementVisible) }),
    ...(elementGone !== undefined && { element_gone: literal(elementGone) }),
    ...(textOnPage !== undefined && { text_on_page: literal(textOnPage) }),
  });
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
