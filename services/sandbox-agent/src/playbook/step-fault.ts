import { Fault, type FaultOptions } from "@clew/fault/fault";
import type { Reason } from "@clew/fault/reasons";

/** Why a step failed, as it is told, and whether an agent may do what is left. */
export class StepFault extends Fault {
  /** Whether the step's `on_failure` hands over to an agent, and the failure is one that an agent can mend. */
  readonly isRecoverable: boolean;
  /** What it failed with inside: the author's words stand in its place. */
  readonly within: Fault;

  constructor(reason: Reason, options: FaultOptions & { readonly isRecoverable: boolean; readonly within: Fault }) {
    super(reason, options);
    this.isRecoverable = options.isRecoverable;
    this.within = options.within;
  }
}
