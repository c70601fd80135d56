import { matchesDomain } from "@clew/egress/domain-glob";
import { Fault, type Violation } from "@clew/fault/fault";
import type { Playbook } from "@clew/playbook/playbook-schema";
import { walkSteps } from "@clew/playbook/walk-steps";
import { Guardrails, type RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { type Policy, recordings } from "./policy.ts";

/** What of a run is held to a policy. */
export interface AskedRun {
  /** As it was asked for: what stands there is meant. */
  readonly asked: RunSpec;
  /** With what was not given filled in. */
  readonly spec: RunSpec;
  /** The playbook it runs, and those that this one calls. */
  readonly playbooks: readonly Playbook[];
}

/** What a policy makes of a run. */
export interface PolicedRun {
  /** Within the policy, where that is what nobody asked for otherwise. */
  readonly spec: RunSpec;
  /** What was asked for beyond it, by field, with the limit. */
  readonly violations: readonly Violation[];
}

/** Makes a POLICY_EXCEEDED of the fields that are beyond a policy; its message is the first one's. Undefined where there are none. */
export function policyFault(violations: readonly Violation[]): Fault | undefined {
  const [first] = violations;
  if (first === undefined) return undefined;
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
  return new Fault("POLICY_EXCEEDED", { message: `${first.field}: ${first.message}${more}`, violations });
}

/** Holds a run to the operator's policy: what nobody gave becomes what the policy allows; what is given and goes beyond it is named. */
export function applyPolicy({ asked, spec, playbooks }: AskedRun, policy: Policy): PolicedRun {
  const violations: Violation[] = [];
  const beyond = (field: string, message: string) =>
    violations.push({ field: `spec.${field}`, rule: "policy", message: `${message}: the operator's policy` });
  const most = (field: string, given: number | undefined, usual: number | undefined, limit: number | undefined) => {
    if (limit === undefined) return usual;
    if (given !== undefined && given > limit) beyond(field, `must be at most ${limit}`);
    return Math.min(usual ?? limit, limit);
  };
  const numbers = {
    maxSteps: most("maxSteps", asked.maxSteps, spec.maxSteps, policy.maxSteps),
    timeoutSeconds: most("timeoutSeconds", asked.timeoutSeconds, spec.timeoutSeconds, policy.timeoutSeconds),
    waitForPersonSeconds: most("waitForPersonSeconds", asked.waitForPersonSeconds, spec.waitForPersonSeconds, policy.waitForPersonSeconds),
    priority: most("priority", asked.priority, spec.priority, policy.priority),
  };
  // Who asks for nothing is to leave nothing.
  if ((asked.keepAliveSeconds ?? 0) > (policy.keepAliveSeconds ?? Number.POSITIVE_INFINITY))
    beyond("keepAliveSeconds", `must be at most ${policy.keepAliveSeconds}`);
  const maxCostUsd = most("budget.maxCostUsd", asked.budget?.maxCostUsd, spec.budget?.maxCostUsd, policy.maxCostUsd);
  const { models } = policy;
  if (asked.model !== undefined && models !== undefined && !models.includes(asked.model)) beyond("model", oneOf(models));
  const policed: RunSpec = {
    ...spec,
    ...numbers,
    ...(maxCostUsd === undefined ? {} : { budget: { maxInputTokens: undefined, maxOutputTokens: undefined, ...spec.budget, maxCostUsd } }),
    model: models?.length === 0 ? "" : (spec.model ?? models?.[0]),
    recording: allowedRecording({ asked, spec }, policy, beyond),
    guardrails: allowedGuardrails({ asked, spec, playbooks }, policy, beyond),
  };
  demandProxy(asked, policy, beyond);
  if (!policy.evaluate) for (const message of evaluations(playbooks)) beyond(asked.work?.$case ?? "playbook", message);
  return { spec: policed, violations };
}

function oneOf(allowed: readonly string[]): string {
  return allowed.length === 0 ? "must be left out, since none is allowed" : `must be one of ${allowed.join(", ")}`;
}

type Beyond = (field: string, message: string) => void;

/** A run's own proxy sees all that the run asks for, so it stands where the run itself may go. */
function demandProxy({ proxy = "" }: RunSpec, { allowedDomains, blockedDomains }: Policy, beyond: Beyond): void {
  const host = URL.parse(proxy)?.hostname;
  if (host === undefined) return;
  if (allowedDomains !== undefined && !matchesDomain(host, allowedDomains)) beyond("proxy", `must be within ${allowedDomains.join(", ")}`);
  else if (matchesDomain(host, blockedDomains)) beyond("proxy", "must not be on a domain that is blocked");
}

function allowedRecording({ asked, spec }: Pick<AskedRun, "asked" | "spec">, policy: Policy, beyond: Beyond): RunSpec["recording"] {
  const { recording: allowed } = policy;
  if (allowed === undefined) return spec.recording;
  const recording = { trace: false, video: false, screenshots: false, logs: false };
  for (const name of recordings) {
    if (allowed.includes(name)) recording[name] = spec.recording?.[name] ?? false;
    else if (asked.recording?.[name] === true) beyond(`recording.${name}`, "must be false");
  }
  return recording;
}

function allowedGuardrails({ asked, spec, playbooks }: AskedRun, policy: Policy, beyond: Beyond): RunSpec["guardrails"] {
  const { allowedDomains: domains, blockedDomains, privateHosts, allowPrivateNetworks, closesPrivate } = policy;
  const given = asked.guardrails ?? Guardrails.fromPartial({});
  const wayOut = (name: string) =>
    closesPrivate ? `; several tenants share private networks here, which CLEW_POLICY opens by ${name}` : "";
  if (given.allowPrivateNetworks === true && !allowPrivateNetworks)
    beyond("guardrails.allowPrivateNetworks", `must be false${wayOut("privateHosts, host by host")}`);
  for (const [index, host] of given.allowedPrivateHosts.entries())
    if (privateHosts !== undefined && !privateHosts.some((allowed) => allowed.toLowerCase() === host.toLowerCase()))
      beyond(`guardrails.allowedPrivateHosts[${index}]`, `${oneOf(privateHosts)}${wayOut("privateHosts")}`);
  const within = (field: string, what: string, globs: readonly string[]) => {
    const outside = domains === undefined ? -1 : globs.findIndex((glob) => !isWithin(glob, domains));
    if (outside >= 0) beyond(field, `${what}[${outside}] must be within ${domains?.join(", ")}`);
  };
  if (domains !== undefined) within("guardrails.allowedDomains", "", given.allowedDomains);
  // A run that names no domains has those of its playbook.
  const written = playbooks.flatMap(({ guardrails }) => guardrails?.allowed_domains ?? []);
  if (given.allowedDomains.length === 0) within(asked.work?.$case ?? "playbook", "guardrails.allowed_domains", written);
  const [main] = playbooks;
  const namesNone = given.allowedDomains.length === 0 && (main?.guardrails?.allowed_domains ?? []).length === 0;
  const allowed = namesNone ? [...(domains ?? [])] : given.allowedDomains;
  const blocked = [...new Set([...given.blockedDomains, ...blockedDomains])];
  if (spec.guardrails === undefined && allowed.length + blocked.length === 0) return undefined;
  return { ...given, allowedDomains: allowed, blockedDomains: blocked };
}

/** Whether every host that a glob stands for is one that others stand for. Its own stars are matched by theirs only. */
function isWithin(glob: string, globs: readonly string[]): boolean {
  const stands = glob.startsWith("*.") ? [glob, glob.slice(2)] : [glob];
  return stands.every((text) => matchesDomain(text, globs));
}

/** Where playbooks run JavaScript of their own. */
function evaluations(playbooks: readonly Playbook[]): string[] {
  return playbooks.flatMap(({ id, steps }) => {
    const found = [...walkSteps(steps)].some(({ step }) =>
      step.action === "execute_sequence" ? step.steps.some(({ action }) => action === "evaluate") : step.action === "evaluate",
    );
    return found ? [`'${id}' must not use evaluate`] : [];
  });
}
