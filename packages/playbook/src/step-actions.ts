import type { ActingStep } from "./schema/step.ts";

/** What an action does to the world: looks, may change something, or changes something that must not happen twice. */
export type StepEffect = "read" | "write" | "commit";

/** What the table says of one step action. */
export interface StepActionDefinition {
  /** What it does to the world unless the step says otherwise. */
  readonly effect: Exclude<StepEffect, "commit">;
}

/** Every action a step may name. */
export const stepActions = {
  goto: { effect: "read" },
  go_back: { effect: "write" },
  reload: { effect: "write" },
  click: { effect: "write" },
  hover: { effect: "read" },
  drag: { effect: "write" },
  fill: { effect: "write" },
  press: { effect: "write" },
  key_press: { effect: "write" },
  select: { effect: "write" },
  check: { effect: "write" },
  scroll: { effect: "read" },
  upload: { effect: "write" },
  download: { effect: "write" },
  wait_for: { effect: "read" },
  extract: { effect: "read" },
  llm_extract: { effect: "read" },
  get_dom: { effect: "read" },
  screenshot: { effect: "read" },
  evaluate: { effect: "write" },
  switch_tab: { effect: "read" },
  close_tab: { effect: "write" },
  handle_dialog: { effect: "write" },
  api_request: { effect: "write" },
  execute_sequence: { effect: "write" },
} as const satisfies Record<ActingStep["action"], StepActionDefinition>;

/** Steps that hold or call other steps, by the key that tells them. */
export const flowSteps = ["if", "for_each", "call"] as const;
