import type { StepOf } from "@clew/playbook/playbook-schema";
import { runAction } from "./run-action.ts";
import type { StepContext } from "./step-context.ts";
import type { StepPlace } from "./step-place.ts";

/** Opens a playbook's start address, as an action of its own. */
export async function openStart(url: string, place: StepPlace, context: StepContext): Promise<void> {
  const step: StepOf<"goto"> = {
    action: "goto",
    params: { url },
    description: "Open the start address",
    on_failure: "abort",
    failure_message: "",
  };
  await runAction(step, place, context);
}
