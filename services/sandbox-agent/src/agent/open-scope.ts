import { randomBytes } from "node:crypto";
import type { GuardrailSettings } from "@clew/playbook/guardrail-settings";
import type { Redact } from "@clew/playbook/redact";
import type { Person } from "../person/ask-person.ts";
import type { AgentScope } from "./agent-scope.ts";
import { blindNodes } from "./scope/blind.ts";
import { checkAfter } from "./scope/check-after.ts";
import { checkBefore } from "./scope/check-before.ts";
import { filterObservation } from "./scope/filter-observation.ts";
import { classifyGoal } from "./scope/goal-class.ts";
import { madeUpChars } from "./scope/made-up-address.ts";
import { scopeOf } from "./scope/scope.ts";

/** What a scope is decided by. */
export interface OpenScopeOptions {
  readonly directive: string;
  readonly startUrl: string | undefined;
  readonly settings: GuardrailSettings;
  readonly redact: Redact;
  readonly person: Person;
}

/** Decides what an agent may see and do, of its directive alone, and remembers what it has seen and done. */
export function openScope({ directive, startUrl, settings, redact, person }: OpenScopeOptions): AgentScope {
  const scope = scopeOf({ directive, goal: classifyGoal(directive), startUrl, settings });
  const seen = new Set<string>();
  let commits = 0;
  let madeUp = 0;
  return {
    allowedTools: scope.actions,
    filterNodes: (nodes) => blindNodes(nodes, scope).nodes,
    markUntrusted: (text) => {
      for (const [url] of text.matchAll(/https?:\/\/[^\s"<>]+/g)) seen.add(url);
      return filterObservation(text, randomBytes(8).toString("hex")).text;
    },
    async checkBefore({ step, url }, signal) {
      if (step.action === "execute_sequence") return { block: { rule: "scope_action", message: "Sequences are no part of this work." } };
      const progress = { commits, madeUpChars: madeUp, hasSeen: (address: string) => seen.has(address) };
      const verdict = checkBefore(step, { scope, page: { url }, progress, redact });
      if (verdict.kind === "deny") return { block: { rule: verdict.rule, message: verdict.message } };
      if (verdict.kind === "ask") {
        const said = await person.ask({ kind: "APPROVE", prompt: verdict.prompt }, signal);
        const isApproved = typeof said === "object" && said.answer === "approve";
        if (!isApproved) return { block: { rule: verdict.rule, message: verdict.message } };
      }
      if (verdict.effect === "commit") commits++;
      if (step.action === "goto" && !seen.has(step.params.url)) madeUp += madeUpChars(step.params.url, directive);
      return { effect: verdict.effect };
    },
    checkAfter: async ({ url }, now) => checkAfter({ url }, { url: now }, scope),
  };
}
