import type { Run } from "@clew/client";

/** Whether a run is safe to run again, by what it may have changed. */
export const againText = {
  EFFECTS_UNSPECIFIED: "Whether anything was changed is not known.",
  NONE: "Nothing was changed: it is safe to run again.",
  COMMITTED: "It changed something, and each change is confirmed: look at the events before you run it again.",
  UNKNOWN: "An action was begun, and nobody knows whether it was done: look before you run it again.",
} as const satisfies Record<Run["effects"], string>;
