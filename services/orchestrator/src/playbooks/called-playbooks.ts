import { Fault } from "@clew/fault/fault";
import { nearestOf } from "@clew/playbook/nearest";
import { parsePlaybook } from "@clew/playbook/parse-playbook";
import type { CallStep, Playbook } from "@clew/playbook/playbook-schema";
import { formatPath } from "@clew/playbook/problem";
import { walkSteps } from "@clew/playbook/walk-steps";
import { limits } from "../runs/limits.ts";
import type { Catalogue } from "./catalogue.ts";
import { invalidPlaybook } from "./invalid-playbook.ts";

/** A playbook that another calls. */
export interface CalledPlaybook {
  readonly source: string;
  readonly playbook: Playbook;
}

/**
 * Finds the playbooks that one calls, and those that these call, by their ids.
 *
 * @throws Fault PLAYBOOK_INVALID where one is missing, broken, calls itself over others, stands more than 5 calls deep, or is given other parameters
 * than it takes: with the place of the call.
 */
export async function findCalled(caller: Playbook, catalogue: Catalogue): Promise<ReadonlyMap<string, CalledPlaybook>> {
  const found = new Map<string, CalledPlaybook>();
  const heights = new Map<string, number>();
  /** Answers how many calls deep a playbook goes. */
  const follow = async (from: Playbook, chain: readonly string[]): Promise<number> => {
    let height = 0;
    for (const { step, path } of walkSteps(from.steps)) {
      if (step.action !== "call") continue;
      const refuse = (message: string) => invalidCall(from, [...path, "call"], message, chain.length > 1);
      if (chain.includes(step.call)) throw refuse(`calls '${step.call}' in a circle: ${[...chain, step.call].join(" → ")}`);
      if (!found.has(step.call) && found.size >= limits.calledPlaybooks)
        throw refuse(`calls '${step.call}', one more than the ${limits.calledPlaybooks} playbooks that may be called`);
      const called = found.get(step.call) ?? (await read(step.call, catalogue, refuse));
      found.set(step.call, called);
      const misfit = misfitOf(step, called.playbook);
      if (misfit !== undefined) throw refuse(misfit);
      if (chain.length > limits.callDepth) throw refuse(`stands within more than ${limits.callDepth} calls: ${chain.join(" → ")}`);
      const below = heights.get(step.call) ?? (await follow(called.playbook, [...chain, step.call]));
      if (chain.length + below > limits.callDepth) throw refuse(`goes more than ${limits.callDepth} calls deep`);
      height = Math.max(height, below + 1);
    }
    heights.set(from.id, height);
    return height;
  };
  await follow(caller, [caller.id]);
  return found;
}

async function read(id: string, catalogue: Catalogue, refuse: (message: string) => Fault): Promise<CalledPlaybook> {
  const entry = await catalogue.get(id).catch((error: unknown) => {
    const fault = Fault.from(error);
    throw fault.reason === "PLAYBOOK_NOT_FOUND" ? refuse(`calls '${id}', and there is no such playbook`) : fault;
  });
  const parsed = parsePlaybook(entry.source, { id });
  if ("playbook" in parsed) return { source: entry.source, playbook: parsed.playbook };
  const [first] = parsed.problems;
  throw refuse(`calls '${id}', which is not valid: ${first === undefined ? "" : `line ${first.line}: ${first.field} ${first.message}`}`);
}

/** What of a call does not fit what the other playbook takes. */
function misfitOf({ call, params }: CallStep, { parameters }: Playbook): string | undefined {
  const known = parameters.filter(({ secret }) => !secret).map(({ name }) => name);
  const unknown = Object.keys(params).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const nearest = nearestOf(unknown, known);
    return `gives '${call}' a parameter it does not take${nearest === undefined ? "" : `; did you mean '${nearest}'?`}`;
  }
  const missing = parameters.find(({ name, secret, default: usual }) => !secret && usual === undefined && !Object.hasOwn(params, name));
  return missing === undefined ? undefined : `does not give '${call}' its parameter '${missing.name}'`;
}

function invalidCall(from: Playbook, path: readonly PropertyKey[], message: string, isCalled: boolean): Fault {
  const field = formatPath(path);
  return invalidPlaybook("playbook", [{ field: isCalled ? `'${from.id}' ${field}` : field, message, line: 0, column: 0 }]);
}
