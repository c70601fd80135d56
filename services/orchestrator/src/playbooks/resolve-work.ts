import { Fault, invalidRequest, type Violation } from "@clew/fault/fault";
import { addressProblems } from "@clew/playbook/address-problems";
import { bindParameters } from "@clew/playbook/bind-parameters";
import { credentialNames, missingForLogin } from "@clew/playbook/credential-names";
import type { Playbook } from "@clew/playbook/playbook-schema";
import type { PlaybookReference, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import type { GivenFile } from "../files/input-files.ts";
import { parentOf } from "../runs/lineage.ts";
import { hashSource } from "./catalogue.ts";
import type { FoundWork } from "./find-work.ts";

/** The exact texts a run will run, what the first is called, and what it is given. */
export interface ResolvedWork {
  readonly source: string;
  /** Undefined where an agent does without a playbook. */
  readonly reference: PlaybookReference | undefined;
  /** Texts of the playbooks it calls, and of those they call, by id. */
  readonly called: Readonly<Record<string, string>>;
  /** What is asked for of it, with its parameters. Still holds its secrets. */
  readonly spec: RunSpec;
  /** Files it is given. */
  readonly inputs: readonly GivenFile[];
}

/** The playbook, and those that it calls; none where an agent does without. */
export function playbooksOf({ playbook, called }: Pick<FoundWork, "playbook" | "called">): Playbook[] {
  return playbook === undefined ? [] : [playbook, ...[...called.values()].map((one) => one.playbook)];
}

/** Says what a run of this work will run. */
export function resolveWork({ source, playbook, called, params }: FoundWork, spec: RunSpec, inputs: readonly GivenFile[]): ResolvedWork {
  return {
    source,
    reference: playbook && { id: playbook.id, version: playbook.version, sha256: hashSource(source) },
    called: Object.fromEntries([...called].map(([id, { source: text }]) => [id, text])),
    spec: { ...spec, params: Object.keys(params).length === 0 ? spec.params : params },
    inputs,
  };
}

/** @throws Fault INVALID_REQUEST naming the parameters that are missing, unknown or unfit. */
export function demandParameters({ playbook, params }: FoundWork): void {
  if (playbook === undefined) return;
  const bound = bindParameters(playbook, params);
  const problems = "problems" in bound ? bound.problems : addressProblems(playbook, bound.values);
  if (problems.length === 0) return;
  const [first, ...others] = problems.map(({ field, message }): Violation => ({ field: `spec.${field}`, rule: "parameter", message }));
  throw first === undefined ? new Fault("INVALID_REQUEST") : invalidRequest([first, ...others]);
}

/** @throws Fault INVALID_REQUEST naming the credentials that the playbook, or one it calls, types and that are not `given`. */
export function demandCredentials({ playbook, called }: FoundWork, given: readonly string[], spec: RunSpec): void {
  const isGiven = (name: string) => given.includes(name);
  const playbooks = playbooksOf({ playbook, called });
  const typed = playbooks.flatMap(credentialNames).filter((name) => !isGiven(name));
  // With a saved login, or that of the run before, there may be no form to fill in.
  const login = (spec.browserState ?? parentOf(spec)) === undefined ? playbooks.flatMap((one) => missingForLogin(one, isGiven)) : [];
  const violation =
    (message: string) =>
    (name: string): Violation => ({ field: `spec.credentials.${name}`, rule: "required", message });
  const [first, ...others] = [
    ...[...new Set(typed)].map(violation("is missing: a step types it")),
    ...[...new Set(login)].filter((name) => !typed.includes(name)).map(violation("is missing: the login form asks for it")),
  ];
  if (first !== undefined) throw invalidRequest([first, ...others]);
}

/** What is wrong with the files of a run whose playbook, or one that it calls, is sure to upload others than are `given`. What steps may leave out is looked for when it runs. */
export function missingFiles({ playbook, called }: FoundWork, given: readonly string[]): readonly Violation[] {
  const missing = [...new Set(playbook === undefined ? [] : uploadsOf(playbook, called))].filter((name) => !given.includes(name));
  return missing.map((name): Violation => ({ field: "spec.files", rule: "required", message: `must give '${name}': a step uploads it` }));
}

/** The files that each run of a playbook uploads. Each that is called is looked at once, however often that is. */
function uploadsOf({ steps }: Playbook, called: FoundWork["called"], seen = new Set<string>()): readonly string[] {
  return steps.flatMap((step) => {
    if (step.action === "call") {
      const inner = seen.has(step.call) ? undefined : called.get(step.call)?.playbook;
      seen.add(step.call);
      return inner === undefined ? [] : uploadsOf(inner, called, seen);
    }
    const actions = step.action === "execute_sequence" ? step.steps : [step];
    return actions.flatMap((one) => (one.action === "upload" ? one.params.files : []));
  });
}
