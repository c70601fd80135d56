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
  click: { runs: true, effect: "write" },
  key_press: { runs: true, effect: "write" },
  wait_for: { runs: true, effect: "read" },
  select: { runs: true, effect: "write" },
  extract: { runs: true, effect: "read" },
  evaluate: { runs: false, effect: "write" },
  llm_extract: { runs: false, effect: "read" },
  api_request: { runs: false, effect: "write" },
} as const satisfies Record<string, StepActionDefinition>;

/** The name of a step action. */
export type StepActionName = keyof typeof stepActions;
