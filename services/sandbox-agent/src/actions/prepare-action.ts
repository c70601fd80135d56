import { Fault } from "@clew/fault/fault";
import type { ActingStep, StepOf } from "@clew/playbook/playbook-schema";
import type { stepActions } from "@clew/playbook/step-actions";
import type { ActionContext, PrepareAction, ReadyAction } from "./action.ts";
import { apiRequest } from "./api-request.ts";
import { check } from "./check.ts";
import { click } from "./click.ts";
import { closeTab } from "./close-tab.ts";
import { download } from "./download.ts";
import { drag } from "./drag.ts";
import { evaluate } from "./evaluate.ts";
import { extract } from "./extract.ts";
import { fill } from "./fill.ts";
import { getDom } from "./get-dom.ts";
import { goBack } from "./go-back.ts";
import { goto } from "./goto.ts";
import { handleDialog } from "./handle-dialog.ts";
import { hover } from "./hover.ts";
import { keyPress } from "./key-press.ts";
import { llmExtract } from "./llm-extract.ts";
import { press } from "./press.ts";
import { reload } from "./reload.ts";
import { screenshot } from "./screenshot.ts";
import { scroll } from "./scroll.ts";
import { select } from "./select.ts";
import { switchTab } from "./switch-tab.ts";
import { upload } from "./upload.ts";
import { waitFor } from "./wait-for.ts";

/** What is made of other actions, and has no row here. */
type Composed = "execute_sequence";

/** Every action that can run; one without a row does not compile. */
type Running = Exclude<keyof typeof stepActions, Composed>;

const actions: { readonly [A in Running]: PrepareAction<StepOf<A>> } = {
  goto,
  go_back: goBack,
  reload,
  click,
  hover,
  drag,
  fill,
  press,
  key_press: keyPress,
  select,
  check,
  scroll,
  upload,
  download,
  wait_for: waitFor,
  extract,
  llm_extract: llmExtract,
  get_dom: getDom,
  screenshot,
  evaluate,
  switch_tab: switchTab,
  close_tab: closeTab,
  handle_dialog: handleDialog,
  api_request: apiRequest,
};

/** Prepares the action of a step. What pages do by themselves meanwhile, such as asking something, is told in its result or its error. */
export async function prepareAction(step: ActingStep, context: ActionContext): Promise<ReadyAction> {
  if (!canRun(step)) throw new Fault("INTERNAL");
  const { active } = context;
  demandBound(step, context);
  const perform = await prepare(step.action, step, context);
  const { dialogs } = active;
  return async () => {
    // An answer for a dialog is meant for one action.
    const answer = dialogs.told;
    // The page may be another by now.
    demandBound(step, context);
    try {
      const result = await perform();
      if (answer !== undefined) await dialogs.expire(answer, context.signal);
      return { ...result, did: told(result.did, context) };
    } catch (thrown) {
      if (answer !== undefined) dialogs.takeBack(answer);
      throw thrown instanceof Fault && !context.signal.aborted ? explained(thrown, context) : thrown;
    }
  };
}

/** What judges for itself where it types: in the frame that its element, or the focus, is in. */
const typing: ReadonlySet<string> = new Set(["fill", "key_press", "select"] satisfies Running[]);

/** Keeps all other actions to the pages that the credentials they hold are for. */
function demandBound(step: ActingStep, { active, bound }: ActionContext): void {
  if (!typing.has(step.action)) bound?.demand(step, active.url);
}

function canRun(step: ActingStep): step is StepOf<Running> {
  return Object.hasOwn(actions, step.action);
}

function prepare<A extends Running>(action: A, step: StepOf<A>, context: ActionContext): Promise<ReadyAction> {
  return actions[action](step, context);
}

function told(did: string, { active, redact }: ActionContext): string {
  const notices = active.notices.take(redact);
  return notices === "" ? did : `${did}; ${notices}`;
}

function explained(fault: Fault, { active, redact }: ActionContext): Fault {
  const notices = active.notices.take(redact);
  if (notices === "") return fault;
  return new Fault(fault.reason, { message: `${fault.message} Meanwhile ${notices}.`, details: fault.details, cause: fault.cause });
}
