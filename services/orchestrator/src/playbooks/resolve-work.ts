import { Fault, invalidRequest, type Violation } from "@clew/fault/fault";
import { bindParameters } from "@clew/playbook/bind-parameters";
import { credentialNames } from "@clew/playbook/credential-names";
import { parsePlaybook } from "@clew/playbook/parse-playbook";
import type { PlaybookProblem } from "@clew/playbook/problem";
import type { PlaybookReference, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { type Catalogue, hashSource } from "./catalogue.ts";

/** The exact text a run will run, and what it is called. */
export interface ResolvedWork {
  readonly source: string;
  readonly reference: PlaybookReference;
}

/**
 * Finds the playbook a spec asks for and checks it with the spec's parameters.
 *
 * @throws Fault PLAYBOOK_NOT_FOUND, PLAYBOOK_INVALID with line and column, or INVALID_REQUEST naming the parameters, or the credentials that are missing.
 */
export async function resolveWork({ work, params, credentials }: RunSpec, catalogue: Catalogue): Promise<ResolvedWork> {
  if (work === undefined || work.$case === "directive") throw new Fault("NOT_IMPLEMENTED");
  const found = work.$case === "playbook" ? await fromCatalogue(work.value, catalogue) : { id: undefined, source: work.value };
  const parsed = parsePlaybook(found.source, found.id === undefined ? {} : { id: found.id });
  if ("problems" in parsed) throw invalidPlaybook(work.$case, parsed.problems);
  const bound = bindParameters(parsed.playbook, params ?? {});
  if ("problems" in bound) throw invalidParameters(bound.problems);
  throwMissing(credentialNames(parsed.playbook).filter((name) => !Object.hasOwn(credentials, name)));
  return {
    source: found.source,
    reference: { id: parsed.playbook.id, version: parsed.playbook.version, sha256: hashSource(found.source) },
  };
}

async function fromCatalogue(text: string, catalogue: Catalogue): Promise<{ id: string; source: string }> {
  const [id = "", pin] = text.split("@");
  const entry = await catalogue.get(id);
  if (pin !== undefined && pin !== `sha256:${hashSource(entry.source)}`) {
    const message = "is another text than the one pinned; pin the current one or leave the pin out";
    throw new Fault("PLAYBOOK_INVALID", {
      message: `spec.playbook: ${message}`,
      violations: [{ field: "spec.playbook", rule: "sha256", message }],
    });
  }
  return entry;
}

function invalidPlaybook(field: "playbook" | "playbookSource", problems: readonly PlaybookProblem[]): Fault {
  const violations = problems.map((problem): Violation => ({ field: `spec.${field}`, rule: "playbook", message: describe(problem) }));
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
  return new Fault("PLAYBOOK_INVALID", { message: `The playbook is not valid: ${violations[0]?.message ?? ""}${more}`, violations });
}

function invalidParameters([first, ...others]: readonly PlaybookProblem[]): Fault {
  const violation = ({ field, message }: PlaybookProblem): Violation => ({ field: `spec.${field}`, rule: "parameter", message });
  return first === undefined ? new Fault("INVALID_REQUEST") : invalidRequest([violation(first), ...others.map(violation)]);
}

function throwMissing(names: readonly string[]): void {
  const message = "is missing: a step types it";
  const [first, ...others] = names.map((name): Violation => ({ field: `spec.credentials.${name}`, rule: "required", message }));
  if (first !== undefined) throw invalidRequest([first, ...others]);
}

function describe({ field, message, line, column }: PlaybookProblem): string {
  const where = line > 0 ? `line ${line}, column ${column}: ` : "";
  return `${where}${field === "" ? "" : `${field} `}${message}`;
}
