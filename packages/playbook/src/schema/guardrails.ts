import { z } from "zod";
import { domainGlob, type GivenGuardrails, guardrailNumbers } from "../guardrail-settings.ts";

const domains = z.array(z.string().regex(domainGlob, "must be a host name such as *.example.com, without scheme, port or path")).max(100);
const { maxUrlsVisited, maxConsecutiveErrors } = guardrailNumbers;

/** What a playbook may say about the guardrails of its runs; a run's own word counts over it. */
export const guardrailsSchema = z.strictObject({
  allowed_domains: domains.optional(),
  blocked_domains: domains.optional(),
  max_urls_visited: z.number().int().min(maxUrlsVisited.min).max(maxUrlsVisited.max).optional(),
  max_consecutive_errors: z.number().int().min(maxConsecutiveErrors.min).max(maxConsecutiveErrors.max).optional(),
  allow_private_networks: z.boolean().optional(),
  enable_llm_action_check: z.boolean().optional(),
});

/** Reads a playbook's guardrails under the names a run has for them. */
export function givenGuardrails(written: z.infer<typeof guardrailsSchema> = {}): GivenGuardrails {
  return {
    allowedDomains: written.allowed_domains,
    blockedDomains: written.blocked_domains,
    maxUrlsVisited: written.max_urls_visited,
    maxConsecutiveErrors: written.max_consecutive_errors,
    allowPrivateNetworks: written.allow_private_networks,
    enableLlmActionCheck: written.enable_llm_action_check,
  };
}
