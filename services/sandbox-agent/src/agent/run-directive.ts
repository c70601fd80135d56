import { Fault } from "@clew/fault/fault";
import { WarningRaised } from "@clew/proto/grpc/clew/run/v1/run_event";
import { checkOutput } from "../playbook/check-output.ts";
import { openStart } from "../playbook/open-start.ts";
import type { WorkPlan } from "../playbook/plan-work.ts";
import { runChecks } from "../playbook/run-checks.ts";
import { runErrorOf } from "../playbook/run-error.ts";
import type { PlaybookEnd } from "../playbook/run-playbook.ts";
import type { Findings, StepContext } from "../playbook/step-context.ts";
import { outermost } from "../playbook/step-place.ts";
import { dataOf, keepData } from "./keep-data.ts";
import { openScope } from "./open-scope.ts";
import { profileOf } from "./profiles/profile.ts";
import { agentPrompt } from "./prompts/agent-prompt.ts";
import { proposeDirective } from "./proposal/propose-directive.ts";
import { isChange, runAgent } from "./run-agent.ts";
import { classifyGoal } from "./scope/goal-class.ts";
import { describeTask } from "./task-text.ts";

/** Does a directive that no playbook is for: opens its start, lets the agent work, and looks whether it succeeded as with a playbook. */
export async function runDirective(plan: WorkPlan, findings: Findings, context: StepContext): Promise<PlaybookEnd> {
  const { directive, spec, startUrl, namedStart, memory, checks, outputSchema } = plan;
  const { askModel, redact, stopping } = context;
  const failed = (fault: Fault, memory = ""): PlaybookEnd => ({
    kind: "failed",
    summary: redact(fault.message),
    error: runErrorOf(fault, redact),
    memory,
  });
  if (askModel === undefined) return failed(new Fault("MODEL_UNAVAILABLE"));
  const profile = profileOf(spec.profile);
  const named = namedStart === undefined ? [] : [namedStart];
  const goal = classifyGoal(directive, { profile: profile.goal });
  await using scope = openScope(
    { directive, goal, named, begun: startUrl ?? (context.login.isThere ? context.active.url : undefined) },
    context,
    askModel,
  );
  try {
    if (startUrl !== undefined) await openStart(startUrl, { stepIndex: 0, stepId: "start" }, context);
  } catch (thrown) {
    return failed(Fault.from(thrown));
  }
  const wantsProof = (goal === "interact" || goal === "fill_form") && checks.length === 0 && outputSchema === undefined;
  const task = describeTask({
    directive,
    credentials: Object.keys(context.credentials),
    files: spec.files.map(({ name }) => name),
    params: spec.params,
    memory: memory === "" ? "" : scope.markUntrusted(memory),
  });
  const end = await runAgent(
    {
      system: agentPrompt({ tools: [...scope.allowedTools], profile }),
      task,
      scope,
      maxSteps: spec.maxSteps ?? 50,
      dataSchema: spec.outputSchema,
      asksPerson: (spec.waitForPersonSeconds ?? 0) > 0,
      wantsProof,
      placeOf: outermost,
      async judge(data) {
        try {
          await runChecks(checks, findings, context);
          return checkOutput(outputSchema, new Map(Object.entries(dataOf(data))));
        } catch (thrown) {
          return Fault.from(thrown);
        }
      },
    },
    askModel,
    findings,
    context,
  );
  keepData(end.data, findings);
  if (stopping.aborted) return { kind: "stopped", summary: `Stopped after ${end.turns} turns of the agent.`, memory: end.memory };
  if (end.failure !== undefined) return failed(end.failure, end.memory);
  if (wantsProof && !end.deeds.some(isChange)) {
    const message =
      "The agent says that the work is done, and changed nothing. Give the run checks or an outputSchema, which tell whether it is so.";
    const value = WarningRaised.fromPartial({ reason: "NOTHING_CHANGED", message });
    await context.report.say({ summary: message, payload: { $case: "warningRaised", value } });
  }
  await proposeDirective(plan, end.deeds, context);
  return { kind: "completed", summary: redact(end.summary), memory: end.memory };
}
