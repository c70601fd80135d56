import { Fault } from "@clew/fault/fault";
import { bindText } from "@clew/playbook/bind-text";
import type { WrittenCall } from "@clew/playbook/calls-of";
import { playbookLimits } from "@clew/playbook/limits";
import { nearestOf } from "@clew/playbook/nearest";
import { type ParsedPlaybook, parsePlaybook } from "@clew/playbook/parse-playbook";
import { namesIn } from "@clew/playbook/placeholder";
import type { Playbook, PlaybookParameter } from "@clew/playbook/playbook-schema";
import { storedNames } from "@clew/playbook/stored-names";
import { takeValue } from "@clew/playbook/take-value";
import { walkSteps } from "@clew/playbook/walk-steps";
import { limits } from "../runs/limits.ts";
import type { Catalogue } from "./catalogue.ts";
import type { PlacedProblem } from "./invalid-playbook.ts";

/** A playbook that another calls. */
export interface CalledPlaybook {
  readonly source: string;
  readonly playbook: Playbook;
}

/** The playbooks that one calls, and those that these call. */
export interface FoundCalls {
  /** Those that can run, by their ids. */
  readonly called: ReadonlyMap<string, CalledPlaybook>;
  /**
   * All that is wrong: of each that is not valid everything, and each call of one that is missing, that is made in a circle or more than 5 calls deep, or
   * that gives other parameters than are taken, at its place. As many as are told of one playbook; the last one then says how many more there are.
   */
  readonly problems: readonly PlacedProblem[];
}

/** A playbook that was looked for, once. */
type Looked = { readonly source: string; readonly parsed: ParsedPlaybook } | undefined;

/** Finds what a playbook calls, by their ids, also where it is not valid itself. Rejects only where the catalogue cannot be read. */
export async function findCalled(id: string, caller: ParsedPlaybook, catalogue: Catalogue): Promise<FoundCalls> {
  const looked = new Map<string, Looked>();
  const problems: PlacedProblem[] = [];
  let more = 0;
  const note = (problem: PlacedProblem) => {
    if (problems.length < playbookLimits.problems) problems.push(problem);
    else more += 1;
  };
  const heights = new Map<string, number>();
  let isTooDeep = false;
  /** Answers how many calls deep a playbook goes. */
  const follow = async (parsed: ParsedPlaybook, chain: readonly string[]): Promise<number> => {
    const playbook = chain.length > 1 ? chain.at(-1) : undefined;
    let height = 0;
    for (const call of parsed.calls) {
      const refuse = (message: string) => {
        const { field, line, column } = call;
        note({ playbook, field, message, line, column });
      };
      if (chain.includes(call.id)) {
        refuse(`calls '${call.id}' in a circle: ${[...chain, call.id].join(" → ")}`);
        continue;
      }
      const isNew = !looked.has(call.id);
      if (isNew && looked.size >= limits.calledPlaybooks) {
        refuse(`calls '${call.id}', one more than the ${limits.calledPlaybooks} playbooks that may be called`);
        continue;
      }
      const called = isNew ? await read(call.id, catalogue) : looked.get(call.id);
      looked.set(call.id, called);
      if (called === undefined) {
        refuse(`calls '${call.id}', and there is no such playbook`);
        continue;
      }
      if ("problems" in called.parsed && isNew) for (const problem of called.parsed.problems) note({ playbook: call.id, ...problem });
      const misfit = "playbook" in called.parsed ? misfitOf(call, called.parsed.playbook) : undefined;
      if (misfit !== undefined) refuse(misfit);
      if (chain.length > limits.callDepth) {
        isTooDeep = true;
        refuse(`stands within more than ${limits.callDepth} calls: ${chain.join(" → ")}`);
        continue;
      }
      const below = heights.get(call.id) ?? (await follow(called.parsed, [...chain, call.id]));
      if (!isTooDeep && chain.length + below > limits.callDepth) {
        // Said once: every call on the way there goes as deep.
        isTooDeep = true;
        refuse(`goes more than ${limits.callDepth} calls deep`);
      }
      height = Math.max(height, below + 1);
    }
    heights.set(chain.at(-1) ?? "", height);
    return height;
  };
  await follow(caller, [id]);
  if (more > 0) problems.push({ field: "", message: `and ${more} more in calls`, line: 0, column: 0 });
  const called = [...looked].flatMap(([name, found]): [string, CalledPlaybook][] =>
    found !== undefined && "playbook" in found.parsed ? [[name, { source: found.source, playbook: found.parsed.playbook }]] : [],
  );
  return { called: new Map(called), problems };
}

/** Reads a playbook of the catalogue; undefined where there is none. */
async function read(id: string, catalogue: Catalogue): Promise<Looked> {
  const entry = await catalogue.get(id).catch((error: unknown) => {
    const fault = Fault.from(error);
    if (fault.reason !== "PLAYBOOK_NOT_FOUND") throw fault;
    return undefined;
  });
  return entry && { source: entry.source, parsed: parsePlaybook(entry.source, { id }) };
}

/** What of a call does not fit what the other playbook takes. */
function misfitOf({ id, given, taken }: WrittenCall, { parameters, capture, steps }: Playbook): string | undefined {
  const stored = [...walkSteps(steps)].flatMap(({ step }) => [...storedNames(step)]);
  const captured = [...(capture?.cookies ?? []), ...(capture?.storage ?? [])].map(({ store_as: name }) => name);
  const lacking = taken.find((name) => ![...stored, ...captured].includes(name));
  if (lacking !== undefined) return `takes '${lacking}' from '${id}', which stores none${meant(lacking, [...stored, ...captured])}`;
  if (given === undefined) return undefined;
  const known = parameters.filter(({ secret }) => !secret);
  const names = known.map(({ name }) => name);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) return `gives '${id}' a parameter '${unknown}' that it does not take${meant(unknown, names)}`;
  const missing = known.find(({ name, default: usual }) => usual === undefined && !Object.hasOwn(given, name));
  if (missing !== undefined) return `does not give '${id}' its parameter '${missing.name}'`;
  for (const parameter of known) {
    const problem = problemOf(parameter, given[parameter.name]);
    if (problem !== undefined) return `gives '${id}' a parameter '${parameter.name}' that ${problem}`;
  }
  return undefined;
}

function meant(name: string, known: readonly string[]): string {
  const nearest = nearestOf(name, known);
  return nearest === undefined ? "" : `; did you mean '${nearest}'?`;
}

/** What is wrong with a value that a call gives; nothing where others are still to be put into it. */
function problemOf(parameter: PlaybookParameter, written: unknown): string | undefined {
  if (written === undefined || (typeof written === "string" && namesIn(written).length > 0)) return undefined;
  const bound = typeof written === "string" ? bindText(written, new Map()) : { text: written };
  const taken = "text" in bound ? takeValue(parameter, bound.text) : { text: "" };
  return "problem" in taken ? taken.problem : undefined;
}
