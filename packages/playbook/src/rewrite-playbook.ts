import { isMap, isSeq, parseDocument, stringify } from "yaml";

/** A step of another playbook's text, as it is, or with another way to find its element. */
export interface KeptStep {
  /** Its index among the steps of the text. */
  readonly kept: number;
  /** What is looked for first; what was looked for before comes after it. */
  readonly foundBy?: unknown;
  /** Another way to find the element, after those there are. */
  readonly alsoFoundBy?: unknown;
  /** Whether what it expects of the page afterwards is left out. */
  readonly withoutVerify?: boolean;
}

/** A step as it is written. */
export interface NewStep {
  readonly step: Readonly<Record<string, unknown>>;
}

const mostFallbacks = 10;
const lineWidth = 140;

/** Writes a playbook anew with these steps, and says why above it; what else stands in the text stays, comments too. Undefined where its steps are no list. */
export function rewriteSteps(source: string, steps: readonly (KeptStep | NewStep)[], why: readonly string[]): string | undefined {
  const document = parseDocument(source);
  const list = document.get("steps");
  if (!isSeq(list)) return undefined;
  const before = list.items;
  const items = steps.map((step) => {
    if ("step" in step) return document.createNode(step.step);
    const item = before[step.kept];
    if (!isMap(item)) return item;
    const selector = reselect(item.toJS(document).selector, step);
    if (selector !== undefined) item.set("selector", document.createNode(selector));
    if (step.withoutVerify === true) item.delete("verify");
    return item;
  });
  list.items = items;
  return `${commentOf(why)}${document.toString({ lineWidth })}`;
}

/** Writes a playbook, and says why above it. */
export function writePlaybook(playbook: Readonly<Record<string, unknown>>, why: readonly string[]): string {
  return `${commentOf(why)}${stringify(playbook, { lineWidth })}`;
}

/** The selector with another first or last way; undefined where it stays. */
function reselect(selector: unknown, { foundBy, alsoFoundBy }: KeptStep): unknown {
  if (foundBy === undefined && alsoFoundBy === undefined) return undefined;
  const old = waysOf(selector);
  const ways = foundBy === undefined ? [...old.ways, alsoFoundBy] : [foundBy, ...old.ways];
  const [primary, ...fallbacks] = ways.filter((way, at) => ways.findIndex((other) => isSame(other, way)) === at);
  return { primary, ...(fallbacks.length > 0 && { fallbacks: fallbacks.slice(0, mostFallbacks) }), ...old.rest };
}

function waysOf(selector: unknown): { readonly ways: readonly unknown[]; readonly rest: object } {
  if (selector === undefined || selector === null) return { ways: [], rest: {} };
  if (typeof selector !== "object" || !("primary" in selector)) return { ways: [selector], rest: {} };
  const { primary, ...others } = selector;
  const { fallbacks, ...rest } = { fallbacks: [], ...others };
  return { ways: [primary, ...(Array.isArray(fallbacks) ? fallbacks : [])], rest };
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** A page's words may stand in it: each line is a comment of its own. */
function commentOf(lines: readonly string[]): string {
  return lines
    .flatMap((line) => line.split(/[\r\n\u0085\u2028\u2029]+/))
    .map((line) => `# ${line}\n`.replace("#  ", "# "))
    .join("");
}
