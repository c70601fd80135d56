import { Fault } from "@clew/fault/fault";
import type { PlaybookStep } from "@clew/playbook/playbook-schema";
import type { ActionContext, ReadyAction } from "./action.ts";
import { click } from "./click.ts";
import { extract } from "./extract.ts";
import { goto } from "./goto.ts";
import { keyPress } from "./key-press.ts";
import { select } from "./select.ts";
import { waitFor } from "./wait-for.ts";

/** Prepares the action of a step. Those that cannot run yet were refused when the playbook was read. */
export function prepareAction(step: PlaybookStep, context: ActionContext): Promise<ReadyAction> {
  switch (step.action) {
    case "goto":
      return goto(step, context);
    case "click":
      return click(step, context);
    case "key_press":
      return keyPress(step, context);
    case "select":
      return select(step, context);
    case "wait_for":
      return waitFor(step, context);
    case "extract":
      return extract(step, context);
    default:
      return Promise.reject(new Fault("NOT_IMPLEMENTED", { message: `The step action '${step.action}' is not built yet.` }));
  }
}
