import { Fault, invalidRequest } from "@clew/fault/fault";
import { describePlaybook } from "@clew/playbook/describe-playbook";
import { extractParameters } from "@clew/playbook/extract-parameters";
import { matchDirective } from "@clew/playbook/match-directive";
import { parsePlaybook } from "@clew/playbook/parse-playbook";
import type { Playbook } from "@clew/playbook/playbook-schema";
import type { RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { type CalledPlaybook, findCalled } from "./called-playbooks.ts";
import { type Catalogue, hashSource } from "./catalogue.ts";
import { invalidPlaybook } from "./invalid-playbook.ts";

/** What a spec asks to be run. */
export interface FoundWork {
  /** The playbook's text; empty where an agent does without one. */
  readonly source: string;
  /** Undefined where a directive means no playbook: an agent does it. */
  readonly playbook: Playbook | undefined;
  /** Those it calls, and those they call, by id. */
  readonly called: ReadonlyMap<string, CalledPlaybook>;
  /** What it is given: the spec's parameters, and what its directive says of others. */
  readonly params: Readonly<Record<string, unknown>>;
}

/**
 * Finds the playbook a spec asks for: by its id, its text, or the catalogue's tags in its directive.
 *
 * A directive that means none is an agent's.
 *
 * @throws Fault PLAYBOOK_NOT_FOUND, PLAYBOOK_INVALID with line and column; INVALID_REQUEST naming the playbooks for a directive that means several.
 */
export async function findWork({ work, params = {} }: RunSpec, catalogue: Catalogue): Promise<FoundWork> {
  if (work === undefined) throw new Fault("INVALID_REQUEST");
  const named = work.$case === "directive" ? await chosenBy(work.value, catalogue) : work;
  if (named === undefined) return { source: "", playbook: undefined, called: new Map(), params };
  const found = named.$case === "playbook" ? await fromCatalogue(named.value, catalogue) : { id: undefined, source: named.value };
  const parsed = parsePlaybook(found.source, found.id === undefined ? {} : { id: found.id });
  const { called, problems } = await findCalled("playbook" in parsed ? parsed.playbook.id : (found.id ?? ""), parsed, catalogue);
  const own = "problems" in parsed ? parsed.problems : [];
  if ("problems" in parsed || problems.length > 0) throw invalidPlaybook(named.$case, [...own, ...problems]);
  const { playbook } = parsed;
  const extracted = work.$case === "directive" ? extractParameters(work.value, playbook.parameters) : {};
  return { source: found.source, playbook, called, params: { ...extracted, ...params } };
}

async function chosenBy(directive: string, catalogue: Catalogue): Promise<{ $case: "playbook"; value: string } | undefined> {
  const playbooks = (await catalogue.list()).flatMap(({ id, source }) => {
    const parsed = parsePlaybook(source, { id });
    return "playbook" in parsed ? [describePlaybook(parsed.playbook)] : [];
  });
  const match = matchDirective(directive, playbooks);
  if (match.kind === "none") return undefined;
  if (match.kind === "one") return { $case: "playbook", value: match.id };
  const message = `may mean ${match.ids.join(" or ")}; name one in playbook`;
  throw invalidRequest([{ field: "spec.directive", rule: "ambiguous", message }]);
}

async function fromCatalogue(text: string, catalogue: Catalogue): Promise<{ id: string; source: string }> {
  const at = text.indexOf("@");
  const [id, pin] = at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
  const refuse = (message: string) =>
    new Fault("PLAYBOOK_INVALID", {
      message: `spec.playbook: ${message}`,
      violations: [{ field: "spec.playbook", rule: "sha256", message }],
    });
  if (pin !== undefined && !/^sha256:[0-9a-f]{64}$/.test(pin)) throw refuse("must be pinned as id@sha256: and 64 hex digits");
  const entry = await catalogue.get(id);
  const hash = hashSource(entry.source);
  if (pin !== undefined && pin !== `sha256:${hash}`)
    throw refuse(`is another text than the one pinned: the catalogue's is sha256:${hash}; pin that one or leave the pin out`);
  return entry;
}
