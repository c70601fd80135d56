import type { ActingStep } from "@clew/playbook/playbook-schema";
import { stepSchema } from "@clew/playbook/schema/step";
import { z } from "zod";
import { isOffered } from "./action-tools.ts";
import { wordsOfNode } from "./node-words.ts";
import type { PageView } from "./page-view.ts";
import type { ViewedElement } from "./viewed-element.ts";

/** A tool call of a model. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON, or what a model takes for it. */
  readonly input: string;
}

/** What a call asks to be done, or why it cannot be. */
export type ReadCall = { readonly step: ActingStep; readonly element: ViewedElement | undefined } | { readonly problem: string };

const objectSchema = z.record(z.string(), z.unknown());

/** Reads the input of a tool call; undefined where it is no object. */
export function readInput({ input }: ToolCall): Readonly<Record<string, unknown>> | undefined {
  try {
    return objectSchema.safeParse(input.trim() === "" ? {} : JSON.parse(input)).data;
  } catch {
    return undefined;
  }
}

/** Reads a call of an action's tool as the step that does it. Elements are those of the last view: what a model was not shown it cannot act on. */
export function readActionCall(call: ToolCall, view: PageView): ReadCall {
  if (!isOffered(call.name)) return { problem: `There is no tool '${call.name}'.` };
  const given = readInput(call);
  if (given === undefined) return { problem: "The input is no JSON object." };
  const { element: ref, ...params } = given;
  const named = [ref, ...(call.name === "drag" ? [params.to] : [])].filter((name) => name !== undefined);
  const unknown = named.find((name) => typeof name !== "string" || !view.elements.has(name));
  if (unknown !== undefined) return { problem: `The page shows no element ${JSON.stringify(unknown)}; take a ref of the last look at it.` };
  const element = typeof ref === "string" ? view.elements.get(ref) : undefined;
  const step = stepSchema.safeParse({
    action: call.name,
    on_failure: "abort",
    ...(element !== undefined && { selector: selectorOf(element) }),
    ...(call.name === "api_request" ? { request: params } : { params: withTarget(params, view) }),
  });
  if (!step.success) return { problem: describe(step.error) };
  const { data } = step;
  if (data.action === "if" || data.action === "for_each" || data.action === "call") return { problem: "Steps cannot hold others here." };
  return { step: data, element };
}

/** Where something is dragged to, as a selector. */
function withTarget(params: Readonly<Record<string, unknown>>, view: PageView): Readonly<Record<string, unknown>> {
  const target = typeof params.to === "string" ? view.elements.get(params.to) : undefined;
  return target === undefined ? params : { ...params, to: selectorOf(target) };
}

function selectorOf({ node }: ViewedElement): unknown {
  return { primary: { selector: `aria-ref=${node.ref}` }, description: wordsOfNode(node) };
}

function describe(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.filter((part) => part !== "params" && part !== "request").join(".") || "input"}: ${message}`)
    .join("; ");
}
