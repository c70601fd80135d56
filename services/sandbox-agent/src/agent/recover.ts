import { Fault } from "@clew/fault/fault";
import { RecoveryEnded, RecoveryStarted } from "@clew/proto/grpc/clew/run/v1/run_event";
import { checkOutput, readOutputSchema } from "../playbook/check-output.ts";
import type { PlaybookPlan } from "../playbook/plan-work.ts";
import { runChecks } from "../playbook/run-checks.ts";
import { runErrorOf } from "../playbook/run-error.ts";
import { cutBytes } from "../playbook/shorten.ts";
import type { Findings, StepContext } from "../playbook/step-context.ts";
import { StepFault } from "../playbook/step-fault.ts";
import { inside, outermost } from "../playbook/step-place.ts";
import { authoredAddresses } from "./authored-addresses.ts";
import { calledBy } from "./called-steps.ts";
import { describeHandover, handoverDirective, namesToStore, wantedData } from "./handover.ts";
import { dataOf, keepData } from "./keep-data.ts";
import { openScope } from "./open-scope.ts";
import { profileOf } from "./profiles/profile.ts";
import { agentPrompt } from "./prompts/agent-prompt.ts";
import { proposeRecovered } from "./proposal/propose-recovered.ts";
import { runAgent } from "./run-agent.ts";
import { requestsOf, workOfSteps } from "./scope/goal-of-steps.ts";

/** What came of an agent that took over from a playbook. */
export interface Recovery {
  /** Why it failed; undefined where it did what the remaining steps should have done. */
  readonly failure: Fault | undefined;
  readonly summary: string;
  /** What it did and saw, in few words. */
  readonly memory: string;
  /** Keeps, as an artifact, what the playbook would have to be like. */
  readonly propose: () => Promise<void>;
}

/** The most turns of an agent that takes over. */
const mostSteps = 20;

/** Who asks for data in a recovery: nobody else need have given a schema. */
const leftSteps = "the steps that were left store";

const messageBytes = 1_000;

/**
 * Hands all that is left of a playbook to an agent, with the failure, the page and the guardrails. Answers nothing where nobody is to take over: the step
 * does not want that, the failure is none that an agent may get round, there is no model, or the page is of no site that the playbook or its caller names.
 */
export async function recover(
  plan: PlaybookPlan,
  failedAt: number,
  fault: Fault,
  findings: Findings,
  context: StepContext,
): Promise<Recovery | undefined> {
  const { active, askModel, redact, report, signal } = context;
  if (askModel === undefined || signal.aborted || !(fault instanceof StepFault) || !fault.isRecoverable) return undefined;
  const { playbook, spec, checks } = plan;
  const remaining = playbook.steps.slice(failedAt);
  const called = calledBy(remaining, plan.calledPlaybooks);
  const work = {
    directive: handoverDirective(playbook, remaining, called),
    named: authoredAddresses(plan),
    requests: requestsOf(remaining, findings.values),
    ...workOfSteps([...remaining, ...called.flatMap(({ steps }) => steps)]),
  };
  await using scope = openScope(work, context, askModel);
  // Where a page led is no word of the author's.
  if (!scope.isBound || scope.judgePage(active.url) !== undefined) return undefined;
  await report.say({
    summary: `An agent takes over at step ${failedAt + 1}.`,
    payload: { $case: "recoveryStarted", value: RecoveryStarted.fromPartial({ stepIndex: failedAt, error: runErrorOf(fault, redact) }) },
  });
  const dataSchema = wantedData(remaining);
  const wanted = dataSchema === undefined ? undefined : readOutputSchema(dataSchema);
  const end = await runAgent(
    {
      system: agentPrompt({ tools: [...scope.allowedTools], profile: profileOf(spec.profile) }),
      task: describeHandover({
        plan,
        failedAt,
        fault: fault.within,
        findings,
        scope,
        redact,
        credentials: Object.keys(context.credentials),
      }),
      scope,
      maxSteps: Math.min(mostSteps, spec.maxSteps ?? mostSteps),
      dataSchema,
      asksPerson: (spec.waitForPersonSeconds ?? 0) > 0,
      wantsProof: false,
      placeOf: (turn) => inside(outermost(failedAt), "recovery", turn),
      async judge(data) {
        try {
          await runChecks([...playbook.checks, ...checks], findings, context);
        } catch (thrown) {
          return Fault.from(thrown);
        }
        return wanted instanceof Fault ? wanted : checkOutput(wanted, new Map(Object.entries(dataOf(data))), leftSteps);
      },
    },
    askModel,
    findings,
    context,
  );
  if (end.failure === undefined) keepData(missingOf(end.data, remaining, findings), findings);
  const message = end.failure?.message ?? end.summary;
  await report.say({
    summary: end.failure === undefined ? `The agent did what was left: ${end.summary}` : `The agent failed too: ${message}`,
    payload: {
      $case: "recoveryEnded",
      value: RecoveryEnded.fromPartial({ success: end.failure === undefined, message: cutBytes(redact(message), messageBytes) }),
    },
  });
  const { failure, summary, memory, deeds } = end;
  return { failure, summary, memory, propose: () => proposeRecovered({ plan, failedAt, fault, deeds, findings }, context) };
}

/** What of an agent's data nobody else has: what a step read before is not the agent's to change. */
function missingOf(data: unknown, remaining: PlaybookPlan["playbook"]["steps"], { stored }: Findings) {
  const names = namesToStore(remaining);
  return Object.fromEntries(Object.entries(dataOf(data)).filter(([name]) => names.has(name) || !stored.has(name)));
}
