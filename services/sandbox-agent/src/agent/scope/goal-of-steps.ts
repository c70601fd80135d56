import type { PlaybookStep } from "@clew/playbook/playbook-schema";
import { walkSteps } from "@clew/playbook/walk-steps";
import { type GoalClass, goalClasses } from "./goal-class.ts";
import type { ActionName } from "./scope.ts";

/** What each action of an author's step needs of the class of what is left; those that are missing read. */
const goals: Readonly<Partial<Record<string, GoalClass>>> = {
  goto: "navigate",
  go_back: "navigate",
  scroll: "navigate",
  click: "interact",
  drag: "interact",
  check: "interact",
  press: "interact",
  handle_dialog: "interact",
  download: "interact",
  fill: "fill_form",
  key_press: "fill_form",
  select: "fill_form",
  upload: "fill_form",
  api_request: "interact",
};

/** Finds the class of what is left of a playbook, and the actions it takes: its author's word for them. */
export function workOfSteps(steps: readonly PlaybookStep[]): { readonly goal: GoalClass; readonly needs: readonly ActionName[] } {
  const actions = [...walkSteps(steps)].flatMap(({ step }) => {
    if (step.action === "if" || step.action === "for_each" || step.action === "call") return [];
    return step.action === "execute_sequence" ? step.steps.map(({ action }) => action) : [step.action];
  });
  const needed = actions.map((action) => goals[action] ?? "read");
  return { goal: goalClasses.findLast((goal) => needed.includes(goal)) ?? "read", needs: [...new Set(actions)] };
}
