import type { PlaybookStep } from "@clew/playbook/playbook-schema";
import type { Deed } from "../perform-call.ts";

/** A step of the playbook and what the agent did in its place; one of them may be missing. */
export interface AlignedStep {
  /** The index of the step among those that were left. */
  readonly at: number | undefined;
  readonly deed: Deed | undefined;
}

/**
 * Lays what an agent did beside the steps it was to do, in the order of both. What fits in kind and in what is typed goes together, from the end on: a detour that a
 * changed page asks for mostly comes first.
 */
export function alignSteps(steps: readonly PlaybookStep[], deeds: readonly Deed[]): readonly AlignedStep[] {
  const most = bestTails(steps, deeds);
  const aligned: AlignedStep[] = [];
  let step = 0;
  let deed = 0;
  while (step < steps.length || deed < deeds.length) {
    const here = most[step]?.[deed] ?? 0;
    const [one, other] = [steps[step], deeds[deed]];
    const afterDeed = deed < deeds.length ? (most[step]?.[deed + 1] ?? 0) : -1;
    const afterStep = step < steps.length ? (most[step + 1]?.[deed] ?? 0) : -1;
    if (other !== undefined && afterDeed === here) aligned.push({ at: undefined, deed: deeds[deed++] });
    else if (one !== undefined && afterStep === here) aligned.push({ at: step++, deed: undefined });
    else aligned.push({ at: step++, deed: deeds[deed++] });
  }
  return aligned;
}

/** How many steps can be paired with deeds, from each place of both on. */
function bestTails(steps: readonly PlaybookStep[], deeds: readonly Deed[]): readonly (readonly number[])[] {
  const rows: number[][] = Array.from({ length: steps.length + 1 }, () => Array<number>(deeds.length + 1).fill(0));
  for (let step = steps.length - 1; step >= 0; step--)
    for (let deed = deeds.length - 1; deed >= 0; deed--) {
      const pair = fits(steps[step], deeds[deed]) ? 1 + (rows[step + 1]?.[deed + 1] ?? 0) : 0;
      const row = rows[step];
      if (row !== undefined) row[deed] = Math.max(pair, rows[step + 1]?.[deed] ?? 0, row[deed + 1] ?? 0);
    }
  return rows;
}

/** @param step with its values in place. */
function fits(step: PlaybookStep | undefined, deed: Deed | undefined): boolean {
  if (step === undefined || deed === undefined) return false;
  const [one, other] = [kindOf(step), kindOf(deed.step)];
  return one !== undefined && one === other;
}

/** What a step does, apart from where: the same for all that are worth the same. */
function kindOf(step: PlaybookStep): string | undefined {
  switch (step.action) {
    case "click":
    case "drag":
    case "upload":
    case "download":
    case "go_back":
    case "reload":
      return step.action;
    case "goto":
      return `goto ${step.params.url}`;
    case "fill":
    case "key_press":
      return `type ${step.params.credential_ref ?? ""} ${step.params.text ?? ""}`;
    case "press":
      return `press ${step.params.key}`;
    case "select":
      return `select ${[step.params.value].flat().join("\n")}`;
    case "check":
      return `check ${step.params.checked}`;
    default:
      return undefined;
  }
}
