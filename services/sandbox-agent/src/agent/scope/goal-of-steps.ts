import type { Values } from "@clew/playbook/bind-text";
import { bindUrl } from "@clew/playbook/bind-url";
import type { PlaybookStep } from "@clew/playbook/playbook-schema";
import type { PlaybookAction } from "@clew/playbook/schema/action";
import { walkSteps } from "@clew/playbook/walk-steps";
import { type GoalClass, goalClasses } from "./goal-class.ts";
import type { ActionName, Scope } from "./scope.ts";

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

/** Finds the requests that steps send, by method and address without a query, with the values that are known; those that lack one are none. */
export function requestsOf(steps: readonly PlaybookStep[], values: Values): Scope["requests"] {
  const actions = [...walkSteps(steps)].flatMap(({ step }): readonly (PlaybookStep | PlaybookAction)[] =>
    step.action === "execute_sequence" ? step.steps : [step],
  );
  return actions.flatMap((action) => {
    if (action.action !== "api_request") return [];
    const bound = bindUrl(action.request.url, values);
    const url = "text" in bound ? URL.parse(bound.text) : null;
    return url === null ? [] : [{ method: action.request.method, address: `${url.origin}${url.pathname}` }];
  });
}

/** What may set something off. */
const pressing: ReadonlySet<string> = new Set(["click", "press", "key_press", "drag", "check"]);

/** What is left of a playbook, by its author's own word: the class of it, the actions it takes, and how often it may set off what cannot be taken back. */
export function workOfSteps(steps: readonly PlaybookStep[]): {
  readonly goal: GoalClass;
  readonly needs: readonly ActionName[];
  readonly mostCommits: number;
} {
  const actions = [...walkSteps(steps)].flatMap(({ step }) => {
    if (step.action === "if" || step.action === "for_each" || step.action === "call") return [];
    return step.action === "execute_sequence" ? step.steps.map(({ action }) => action) : [step.action];
  });
  const needed = actions.map((action) => goals[action] ?? "read");
  return {
    goal: goalClasses.findLast((goal) => needed.includes(goal)) ?? "read",
    needs: [...new Set(actions)],
    mostCommits: actions.filter((action) => pressing.has(action)).length,
  };
}
