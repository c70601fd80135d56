import { Fault } from "@clew/fault/fault";
import type { ActingStep, StepOf } from "@clew/playbook/playbook-schema";
import type { stepActions } from "@clew/playbook/step-actions";
import type { ActionContext, PrepareAction, ReadyAction } from "./action.ts";
import { apiRequest } from "./api-request.ts";
import { check } from "./check.ts";
import { click } from "./click.ts";
import { evaluate } from "./evaluate.ts";
import { extract } from "./extract.ts";
import { fill } from "./fill.ts";
import { getDom } from "./get-dom.ts";
import { goBack } from "./go-back.ts";
import { goto } from "./goto.ts";
import { hover } from "./hover.ts";
import { keyPress } from "./key-press.ts";
import { press } from "./press.ts";
import { reload } from "./reload.ts";
import { screenshot } from "./screenshot.ts";
import { select } from "./select.ts";
import { waitFor } from "./wait-for.ts";

type Definitions = typeof stepActions;

/** What is made of other actions, or is a model's, and has no row here. */
type Composed = "execute_sequence" | "llm_extract";

/** Every action that can run; one without a row does not compile. */
type Running = Exclude<{ [A in keyof Definitions]: Definitions[A]["runs"] extends true ? A : never }[keyof Definitions], Composed>;

const actions: { readonly [A in Running]: PrepareAction<StepOf<A>> } = {
  goto,
  go_back: goBack,
  reload,
  click,
  hover,
  fill,
  press,
  key_press: keyPress,
  select,
  check,
  wait_for: waitFor,
  extract,
  get_dom: getDom,
  screenshot,
  evaluate,
  api_request: apiRequest,
};

/** Prepares the action of a step. Those that cannot run yet were refused when the playbook was read. */
export function prepareAction(step: ActingStep, context: ActionContext): Promise<ReadyAction> {
  if (!canRun(step)) return Promise.reject(new Fault("NOT_IMPLEMENTED", { message: `The step action '${step.action}' is not built yet.` }));
  return prepare(step.action, step, context);
}

function canRun(step: ActingStep): step is StepOf<Running> {
  return Object.hasOwn(actions, step.action);
}

function prepare<A extends Running>(action: A, step: StepOf<A>, context: ActionContext): Promise<ReadyAction> {
  return actions[action](step, context);
}
