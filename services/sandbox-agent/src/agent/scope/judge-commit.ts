import type { DestructiveKind } from "../../guardrails/destructive-click.ts";
import type { GuardrailBlock } from "../../guardrails/guardrail-block.ts";
import { asksForAll } from "./directive-words.ts";
import type { Scope } from "./scope.ts";
import { allow, deny, type ScopeVerdict } from "./scope-verdict.ts";

/** What cannot be taken back, as it is about to be done. */
export interface Commit {
  readonly kinds: readonly DestructiveKind[];
  /** What a person is told it is. */
  readonly words: string;
  /** Whether what stands on it names only what the directive does. */
  readonly isAsked: boolean;
  /** Whether it is the account's, which the directive does not name. */
  readonly isAccount: boolean;
  /** How often the run did what cannot be taken back. */
  readonly commits: number;
  /** Whether it answers the question that the last of them led to, and speaks of the same. */
  readonly isConfirmation?: boolean;
  readonly rule: GuardrailBlock["rule"];
}

/** Judges what cannot be taken back: the rule, the validator or only a person may let it happen. */
export function judgeCommit(
  { kinds, words, isAsked, isAccount, commits, isConfirmation = false, rule }: Commit,
  scope: Scope,
): ScopeVerdict {
  const { asked, directive, goal, mostCommits, visibility } = scope;
  if (!visibility.destructive) return deny(rule, `The work only looks (${goal}): it does nothing that cannot be taken back.`);
  const prompt = `May the run do what cannot be taken back: ${words}? It was asked to: ${directive}`;
  const ask = { kind: "ask", effect: "commit", prompt } as const;
  if (!asksForAll(kinds, asked) || isAccount)
    return { ...ask, of: "person", rule, message: `${words} does what cannot be taken back, and the directive does not ask for it.` };
  if (isConfirmation) return { kind: "allow", effect: "commit", isConfirmation };
  if (commits >= mostCommits) {
    const message = `The run has done what cannot be taken back ${commits} times, which is as often as the directive asks for.`;
    return { ...ask, of: "person", rule: "scope_commit", message };
  }
  if (isAsked) return allow("commit");
  return { ...ask, of: "validator", rule, message: `${words} does what cannot be taken back, and is more than the directive names.` };
}
