import type { ActingStep } from "./schema/step.ts";

/** What an action does to the world: looks, may change something, or changes something that must not happen twice. */
export type StepEffect = "read" | "write" | "commit";

/** What the table says of one step action. */
export interface StepActionDefinition {
  /** Whether the engine can run it today; the others are refused by name. */
  readonly runs: boolean;
  /** What it does to the world unless the step says otherwise. */
  readonly effect: Exclude<StepEffect, "commit">;
}

/** Every action a step may name. */
export const stepActions = {
  goto: { runs: true, effect: "read" },
  go_back: { runs: true, effect: "write" },
  reload: { runs: true, effect: "write" },
  click: { runs: true, effect: "write" },
  hover: { runs: true, effect: "read" },
  drag: { runs: true, effect: "write" },
  fill: { runs: true, effect: "write" },
  press: { runs: true, effect: "write" },
  key_press: { runs: true, effect: "write" },
  select: { runs: true, effect: "write" },
  check: { runs: true, effect: "write" },
  scroll: { runs: true, effect: "read" },
  upload: { runs: true, effect: "write" },
  download: { runs: true, effect: "write" },
  wait_for: { runs: true, effect: "read" },
  extract: { runs: true, effect: "read" },
  llm_extract: { runs: false, effect: "read" },
  get_dom: { runs: true, effect: "read" },
  screenshot: { runs: true, effect: "read" },
  evaluate: { runs: true, effect: "write" },
  switch_tab: { runs: true, effect: "read" },
  close_tab: { runs: true, effect: "write" },
  handle_dialog: { runs: true, effect: "write" },
  api_request: { runs: true, effect: "write" },
  execute_sequence: { runs: true, effect: "write" },
} as const satisfies Record<ActingStep["action"], StepActionDefinition>;

/** Steps that hold or call other steps, by the key that tells them. */
export const flowSteps = ["if", "for_each", "call"] as const;
