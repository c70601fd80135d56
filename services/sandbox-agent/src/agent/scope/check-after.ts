import type { GuardrailBlock } from "../../guardrails/guardrail-block.ts";
import { judgeScope, type Scope } from "./scope.ts";
import type { PageFacts } from "./scope-verdict.ts";

/** Judges where an action led: the page that shows now must be of the work's sites. The guard keeps it from being asked for; this sees to it. */
export function checkAfter(before: PageFacts, after: PageFacts, scope: Scope): GuardrailBlock | undefined {
  if (after.url === before.url || after.url === "about:blank" || after.url === "") return undefined;
  return judgeScope(after.url, scope);
}
