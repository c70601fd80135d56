import { effectOf } from "@clew/playbook/step-effect";
import { inputSummary } from "../actions/input-summary.ts";
import type { AgentScope } from "./agent-scope.ts";
import { controlSchemas, isControl } from "./control-tools.ts";
import type { ToolOutcome } from "./conversation.ts";
import { type ActingRoom, type Deed, performCall } from "./perform-call.ts";
import { type ReadCall, readActionCall, readInput, type ToolCall } from "./read-call.ts";

/** What a model says when it ends its work. */
export type Claim =
  | { readonly kind: "done"; readonly call: ToolCall; readonly summary: string; readonly data: Readonly<Record<string, unknown>> }
  | { readonly kind: "fail"; readonly reason: string };

/** What came of a turn. */
export interface TurnEnd {
  readonly outcomes: readonly ToolOutcome[];
  readonly deeds: readonly Deed[];
  readonly claim: Claim | undefined;
}

/** Says what a turn's calls want, in a few words without secrets. */
export function describeCalls(calls: readonly ToolCall[], view: ActingRoom["view"]): string {
  const words = calls.map((call) => {
    const read = isControl(call.name) ? undefined : readActionCall(call, view);
    return read !== undefined && "step" in read ? inputSummary(read.step) : call.name.replaceAll("_", " ").slice(0, 40);
  });
  return words.join(", then ");
}

/**
 * Does a turn's calls in order. Once one fails, or the page is another, the rest is not done: it was meant for the page the model was shown. What only
 * looks goes on.
 *
 * @throws Fault where the run may not go on.
 */
export async function runTurn(
  calls: readonly ToolCall[],
  room: ActingRoom,
  ask: (input: (typeof controlSchemas)["ask_person"]["_output"]) => Promise<string>,
): Promise<TurnEnd> {
  const outcomes: ToolOutcome[] = [];
  const deeds: Deed[] = [];
  let claim: Claim | undefined;
  let halt = "";
  const { active } = room.context;
  const { navigations } = active;
  for (const call of calls) {
    const answer = (text: string, isError = false) => void outcomes.push({ id: call.id, name: call.name, text, isError });
    if (isControl(call.name)) {
      const input = controlSchemas[call.name].safeParse(readInput(call));
      if (!input.success) answer(`Not done: ${input.error.issues[0]?.path.join(".")} ${input.error.issues[0]?.message}`, true);
      else if (halt !== "" || claim !== undefined) answer(`Not done: ${halt || "the work was said to be over"}.`, true);
      else if (call.name === "ask_person") answer(await ask(controlSchemas.ask_person.parse(input.data)));
      else claim = toClaim(call, input.data);
      continue;
    }
    const read = readActionCall(call, room.view);
    const refusal = refuse(call, read, room.scope, claim === undefined ? halt : "the work was said to be over");
    if (refusal !== undefined || !("step" in read)) {
      answer(`Not done: ${refusal ?? ""}`, true);
      halt ||= "a call before it was not done";
      continue;
    }
    const deed = await performCall(read, room);
    deeds.push(deed);
    answer(...told(deed, room));
    if (deed.failure !== undefined) halt = "an action before it failed";
    else if (active.navigations !== navigations) halt = "the page is another now; look at it first";
  }
  return { outcomes, deeds, claim };
}

function refuse(call: ToolCall, read: ReadCall, scope: AgentScope, halt: string): string | undefined {
  if ("problem" in read) return read.problem;
  if (!scope.allowedTools.has(read.step.action)) return `'${call.name}' is no part of this work.`;
  const isLook = effectOf(read.step) === "read" && read.element === undefined && read.step.action !== "goto";
  return halt !== "" && !(isLook && halt.startsWith("the page")) ? `${halt}.` : undefined;
}

function toClaim(call: ToolCall, input: unknown): Claim {
  if (call.name === "fail") return { kind: "fail", reason: controlSchemas.fail.parse(input).reason };
  const { summary, data = {} } = controlSchemas.done.parse(input);
  return { kind: "done", call, summary, data };
}

/** What the model is told of a deed. What the page says in it is marked as the page's. */
function told({ step, did, found, failure }: Deed, { scope, context }: ActingRoom): [string, boolean] {
  if (failure !== undefined) return [scope.markUntrusted(`${inputSummary(step)} failed: ${context.redact(failure.message)}`), true];
  return [scope.markUntrusted(found === undefined ? did : `${did}\n${found.whole}`), false];
}
