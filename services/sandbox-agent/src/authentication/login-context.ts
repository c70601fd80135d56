import type { StepContext } from "../playbook/step-context.ts";
import type { StepPlace } from "../playbook/step-place.ts";

/** What logging in works with. */
export interface LoginContext extends StepContext {
  /** Where its actions stand in the journal. */
  readonly place: StepPlace;
}
