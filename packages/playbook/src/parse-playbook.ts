import { LineCounter, parseDocument } from "yaml";
import { callsOf, type WrittenCall } from "./calls-of.ts";
import { codeProblems } from "./code/code-problems.ts";
import { describeIssues } from "./describe-issue.ts";
import { type Injected, injectParameters } from "./inject-parameters.ts";
import { playbookLimits } from "./limits.ts";
import { type Playbook, playbookSchema } from "./playbook-schema.ts";
import { formatPath, type PlaybookProblem, toldProblems } from "./problem.ts";
import { type PlaybookParameter, parameterSchema } from "./schema/parameter.ts";
import { createSourcePositions, type SourcePositions } from "./source-position.ts";
import { takeValue } from "./take-value.ts";
import { typeSecretsByName } from "./type-secrets-by-name.ts";
import { nameProblems } from "./unknown-names.ts";
import { walkFitSteps, walkSteps } from "./walk-steps.ts";
import { writtenPath } from "./written-path.ts";
import { type YamlMistakes, yamlMistakes } from "./yaml-mistakes.ts";

/** A playbook that can run, or all that is wrong with its text; with the calls it makes, as far as they can be read. */
export type ParsedPlaybook = ({ readonly playbook: Playbook } | { readonly problems: readonly PlaybookProblem[] }) & {
  readonly calls: readonly WrittenCall[];
};

/** What is known of a text besides itself. */
export interface ParsePlaybookOptions {
  /** The id of a text that names none, and the one it must name otherwise; `inline` when not given. */
  readonly id?: string;
  /** Whether it was found right before, by this function: its scripts and selectors are then not looked at again. */
  readonly wasRight?: boolean;
}

/** Reads a playbook from its YAML text. Mistakes of syntax and of schema alike are answered with line and column; nothing is thrown. */
export function parsePlaybook(text: string, options: ParsePlaybookOptions = {}): ParsedPlaybook {
  if (Buffer.byteLength(text) > playbookLimits.sourceBytes)
    return onlyProblem(`must have at most ${playbookLimits.sourceBytes / 1024} KiB`);
  const lines = new LineCounter();
  let document: ReturnType<typeof parseDocument>;
  let positions: SourcePositions;
  let mistakes: YamlMistakes;
  let content: unknown;
  try {
    // Keys given twice are found below: the library compares each with all before it. Those brought from the reference system may merge mappings (<<).
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, merge: true, resolveKnownTags: false });
    positions = createSourcePositions(document, text, lines);
    mistakes = yamlMistakes(document, positions, { mayBeTagged: options.wasRight === true });
    if (mistakes.isReadable) content = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    const isMerge = error instanceof Error && error.message.startsWith("Merge sources");
    return onlyProblem(isMerge ? "merges (<<) what is no mapping" : "is nested too deeply, or repeats its anchors too often");
  }
  const nul = text.indexOf("\0");
  if (nul >= 0) return { calls: [], problems: [{ field: "", message: "holds a NUL, which no text may", ...positions.ofOffset(nul) }] };
  if (document.errors.some((error) => error.message.includes("call stack"))) return onlyProblem("is nested too deeply");
  if (!mistakes.isReadable) return { calls: [], problems: mistakes.problems };
  if (content === null || content === undefined) return onlyProblem("is empty; a playbook has at least steps");
  const injected = injectParameters(content);
  const calls = callsOf(injected.content, positions);
  const checked = checkContent(content, injected, positions, options);
  if (mistakes.problems.length === 0) return { ...checked, calls };
  return { problems: toldProblems([...mistakes.problems, ...("problems" in checked ? checked.problems : [])]), calls };
}

function checkContent(
  content: unknown,
  injected: Injected,
  positions: SourcePositions,
  { id, wasRight = false }: ParsePlaybookOptions,
): { readonly playbook: Playbook } | { readonly problems: readonly PlaybookProblem[] } {
  const place = ({ path, message, at }: FoundProblem): PlaybookProblem => {
    const written = writtenPath(path, content);
    return { field: formatPath(written), message, ...(at === undefined ? positions.ofValue(written) : positions.ofCharacter(written, at)) };
  };
  const whole = typeSecretsByName(injected.content);
  const checked = playbookSchema.safeParse(isRecord(whole) && whole.id === undefined ? { ...whole, id: id ?? "inline" } : whole);
  if (!checked.success) {
    // What is wrong with other steps than those is told too.
    const written = isRecord(whole) && Array.isArray(whole.steps) ? whole.steps.slice(0, playbookLimits.steps) : [];
    const issues = describeIssues(checked.error.issues, positions, content);
    const others = [
      ...injected.problems,
      ...defaultProblems(fitParameters(whole), positions),
      ...codeProblems(walkFitSteps(written), fitParts(whole)),
    ];
    return { problems: toldProblems([...issues, ...others.map(place)]) };
  }
  const playbook = checked.data;
  const found: FoundProblem[] = [
    ...injected.problems,
    ...sizeProblems(playbook),
    ...defaultProblems(playbook.parameters.entries(), positions),
    ...nameProblems(playbook),
    ...(wasRight ? [] : codeProblems(walkSteps(playbook.steps), playbook)),
  ];
  if (id !== undefined && playbook.id !== id) found.unshift({ path: ["id"], message: `must be '${id}', as the playbook is stored` });
  if (found.length === 0) return { playbook };
  return { problems: toldProblems(found.slice(0, playbookLimits.problems + 1).map(place)) };
}

/** Steps within steps count as steps. */
function sizeProblems({ steps }: Playbook): readonly FoundProblem[] {
  const all = [...walkSteps(steps)];
  const deep = all.find(({ depth }) => depth > playbookLimits.depth);
  return [
    ...(all.length > playbookLimits.steps
      ? [{ path: ["steps"], message: `must have at most ${playbookLimits.steps} steps, those within steps included` }]
      : []),
    ...(deep ? [{ path: deep.path, message: `stands within more than ${playbookLimits.depth} other steps` }] : []),
  ];
}

/** Those of its other parts that hold code, as far as they can be read by themselves. */
function fitParts(whole: unknown): Partial<Pick<Playbook, "start_url" | "checks" | "auth">> {
  const { start_url: startUrl, checks, auth } = isRecord(whole) ? whole : {};
  const { shape } = playbookSchema;
  return {
    start_url: shape.start_url.safeParse(startUrl).data,
    checks: shape.checks.safeParse(checks).data,
    auth: shape.auth.safeParse(auth).data,
  };
}

type PlacedParameter = readonly [index: number, parameter: PlaybookParameter];

/** Those of a playbook's written parameters that can be read by themselves. */
function* fitParameters(whole: unknown): Generator<PlacedParameter> {
  const written = isRecord(whole) && Array.isArray(whole.parameters) ? whole.parameters.slice(0, playbookLimits.parameters) : [];
  for (const [index, one] of written.entries()) {
    const read = parameterSchema.safeParse(one);
    if (read.success) yield [index, read.data];
  }
}

function defaultProblems(parameters: Iterable<PlacedParameter>, positions: SourcePositions): readonly FoundProblem[] {
  return [...parameters].flatMap(([index, parameter]) => {
    const path = ["parameters", index, "default"];
    const taken = parameter.default === undefined ? { text: "" } : takeValue(parameter, parameter.default, positions.textOf(path));
    return "problem" in taken ? [{ path, message: taken.problem }] : [];
  });
}

interface FoundProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** The character of the text there, from 0, where one is meant. */
  readonly at?: number | undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function onlyProblem(message: string): ParsedPlaybook {
  return { problems: [{ field: "", message: `the playbook ${message}`, line: 1, column: 1 }], calls: [] };
}
