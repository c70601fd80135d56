import type { Isolation } from "@clew/orchestrator/sandboxes/sandbox-provider";

/** How a sandbox is kept apart from the machine. */
export type Tier = Isolation;

/** The tiers, the one that isolates first. */
export const tiers: readonly Tier[] = ["bubblewrap", "process"];

/** What a hostile page, playbook or program tries, in a word or two. */
export interface Attack {
  readonly name: string;
  /** Whether the `process` tier stops it; where that depends on who the orchestrator is, nobody promises anything. `bubblewrap` stops every one. */
  readonly process: "stops" | "does not stop" | "depends";
}

/** Whether a tier must stop it, must be seen not to, or may do either. */
export function promise({ process }: Attack, tier: Tier): Attack["process"] {
  return tier === "bubblewrap" ? "stops" : process;
}
