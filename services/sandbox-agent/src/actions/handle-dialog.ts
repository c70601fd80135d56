import type { StepOf } from "@clew/playbook/playbook-schema";
import type { PrepareAction } from "./action.ts";

/** Says how the dialog is answered that the next action opens. To be done just before that, since dialogs are answered at once. */
export const handleDialog: PrepareAction<StepOf<"handle_dialog">> = async (step, { active, bound }) => {
  const { accept, text } = step.params;
  return async () => {
    // The page that asks may be another by then.
    active.dialogs.answerNext({ accept, text, mayTell: (pageUrl) => bound?.allows(step, pageUrl) ?? true });
    return { did: `The next dialog will be ${accept ? "accepted" : "dismissed"}` };
  };
};
