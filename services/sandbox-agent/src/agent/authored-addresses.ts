import { bindUrl } from "@clew/playbook/bind-url";
import type { PlaybookStep } from "@clew/playbook/playbook-schema";
import type { PlaybookAction } from "@clew/playbook/schema/action";
import { walkSteps } from "@clew/playbook/walk-steps";
import type { PlaybookPlan } from "../playbook/plan-work.ts";

/** Finds the addresses that a playbook's author and its caller wrote: all say where its work belongs. What steps read of a page names none. */
export function authoredAddresses({
  playbook,
  calledPlaybooks,
  values,
  namedStart,
}: Pick<PlaybookPlan, "playbook" | "calledPlaybooks" | "values" | "namedStart">): readonly string[] {
  const bound = (templates: readonly string[], known: typeof values) =>
    templates.flatMap((template) => {
      const address = bindUrl(template, known);
      return "text" in address && /^https?:/i.test(address.text) && URL.canParse(address.text) ? [address.text] : [];
    });
  const own = [namedStart ?? "", ...addressesOf(playbook.steps)];
  // What a playbook is called with may come from a page.
  const called = [...calledPlaybooks.values()].flatMap(({ start_url = "", steps }) => [start_url, ...addressesOf(steps)]);
  return [...new Set([...bound(own, values), ...bound(called, new Map())])];
}

function addressesOf(steps: readonly PlaybookStep[]): string[] {
  return [...walkSteps(steps)].flatMap(({ step }) => {
    if (step.action === "execute_sequence") return step.steps.flatMap(addressOf);
    return addressOf(step);
  });
}

function addressOf(action: PlaybookStep | PlaybookAction): string[] {
  if (action.action === "goto") return [action.params.url];
  if (action.action === "download") return action.params.url === undefined ? [] : [action.params.url];
  return action.action === "api_request" ? [action.request.url] : [];
}
