import type { ActingStep } from "@clew/playbook/playbook-schema";
import type { StepEffect } from "@clew/playbook/step-actions";
import type { GuardrailBlock } from "../guardrails/guardrail-block.ts";
import type { SnapshotNode } from "../observation/snapshot-tree.ts";

/** An action that a model wants done. */
export interface ProposedAction {
  readonly step: ActingStep;
  /** Its id within the run: what a person approves is this one action. */
  readonly actionId: string;
  /** What it does to the world by itself. */
  readonly effect: StepEffect;
  /** The element it acts on, as the model was shown it. */
  readonly element: SnapshotNode | undefined;
  /** The address of the page it acts on. */
  readonly url: string;
}

/** Whether an action may be done; `commit` where somebody who may has said so of what cannot be taken back. */
export type ScopeVerdict = { readonly effect: StepEffect } | { readonly block: GuardrailBlock };

/** What an agent may see and do: decided before it sees a page, and kept by code. */
export interface AgentScope {
  /** The actions it is offered. */
  readonly allowedTools: ReadonlySet<ActingStep["action"]>;
  /** Whether the work is bound to sites; where it is not, any page will do. */
  readonly isBound: boolean;
  /** Judges the page that shows, however it came to show: what a refused one says is not to be read. */
  judgePage(url: string): GuardrailBlock | undefined;
  /** Leaves out of a page what the agent must not see, and so cannot act on. */
  readonly filterNodes: (nodes: readonly SnapshotNode[]) => readonly SnapshotNode[];
  /** Marks a text that came from a page as such, without what pretends to instruct the agent. */
  markUntrusted(text: string): string;
  /** Judges an action before it is begun. */
  checkBefore(action: ProposedAction, signal: AbortSignal): Promise<ScopeVerdict>;
}
