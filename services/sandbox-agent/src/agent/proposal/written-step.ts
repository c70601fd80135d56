import type { ActingStep } from "@clew/playbook/playbook-schema";
import { inputSummary } from "../../actions/input-summary.ts";
import type { Deed } from "../perform-call.ts";
import { type KnownValue, toTemplates } from "./known-values.ts";

/** A step as it is written, or why it cannot be. */
export type WrittenStep = { readonly step: Readonly<Record<string, unknown>> } | { readonly problem: string };

/** What only looks, and what only a model needs. */
const notKept: ReadonlySet<ActingStep["action"]> = new Set([
  "get_dom",
  "screenshot",
  "scroll",
  "wait_for",
  "hover",
  "extract",
  "llm_extract",
  "execute_sequence",
]);

/** What a playbook would have to do of what an agent did: what succeeded, and did something. */
export function lastingDeeds(deeds: readonly Deed[]): readonly Deed[] {
  return deeds.filter(({ step, failure }) => failure === undefined && !notKept.has(step.action));
}

/** Writes what an agent did as a step, with parameters in the place of their values. */
export function writeStep({ step, foundBy, target, effect }: Deed, values: readonly KnownValue[]): WrittenStep {
  const { action } = step;
  const needsElement = "selector" in step && step.selector !== undefined;
  if ((needsElement && foundBy === undefined) || (action === "drag" && target === undefined))
    return { problem: `nothing tells what it would '${inputSummary(step)}' from others on the page` };
  const params = "params" in step ? toTemplates(step.params, values) : undefined;
  const hasParams = typeof params === "object" && params !== null && Object.keys(params).length > 0;
  return {
    step: {
      action,
      ...(needsElement && { selector: toTemplates(foundBy, values) }),
      ...(hasParams && { params: { ...params, ...(target !== undefined && { to: toTemplates(target, values) }) } }),
      ...("request" in step && { request: toTemplates(step.request, values) }),
      ...(effect === "commit" && { effect }),
    },
  };
}
