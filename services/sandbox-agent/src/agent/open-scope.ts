import type { StepContext } from "../playbook/step-context.ts";
import type { AskModel } from "./ask-model.ts";
import { type ConfinedAgent, confineAgent, newNonce } from "./scope/confine-agent.ts";
import type { GoalClass } from "./scope/goal-class.ts";
import { type ActionName, type Scope, scopeOf } from "./scope/scope.ts";
import { createValidator } from "./scope/validate-action.ts";

/** What an agent's work is, in words that are not a page's. */
export interface ScopedWork {
  readonly directive: string;
  readonly goal: GoalClass;
  /** Addresses that the caller or an author gives. */
  readonly named: readonly string[];
  /** Where a session stands that the work goes on in. */
  readonly begun?: string | undefined;
  /** The requests that an author's steps send. */
  readonly requests?: Scope["requests"];
  /** Actions that the work is known to take, besides those of its class. */
  readonly needs?: readonly ActionName[];
  /** How often an author's steps may do what cannot be taken back. */
  readonly mostCommits?: number;
}

/** Confines an agent to its work, until the answer is disposed: a directive, or what is left of a playbook. */
export function openScope(
  work: ScopedWork,
  { active, checks, secrets, report, person, recordings }: StepContext,
  askModel: AskModel,
): ConfinedAgent {
  const scope = scopeOf({ ...work, settings: checks.guard.settings });
  const validator = scope.hasValidator ? createValidator(askModel, newNonce) : undefined;
  return confineAgent({
    scope,
    active,
    guard: checks.guard,
    secrets,
    report,
    person,
    validator,
    picture: (name, signal) => recordings.picture(name, signal),
  });
}
