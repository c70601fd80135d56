import type { PlaybookStep } from "./schema/step.ts";

/** The names a step gives values to while it runs. */
export function storedNames(step: PlaybookStep): readonly string[] {
  if (step.action === "for_each") return [step.for_each];
  if (step.action === "call") return Object.keys(step.outputs);
  if (step.action === "if") return [];
  return step.store_as === undefined ? [] : [step.store_as];
}
