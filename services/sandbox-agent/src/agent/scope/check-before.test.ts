import { createRedact } from "@clew/playbook/redact";
import { actionSchemas, type PlaybookAction } from "@clew/playbook/schema/action";
import { describe, expect, test } from "vitest";
import { checkBefore } from "./check-before.ts";
import { classifyGoal } from "./goal-class.ts";
import { madeUpLimits } from "./made-up-address.ts";
import { scopeOf } from "./scope.ts";

const redact = createRedact(["hunter2-and-more"]);

interface Wanted {
  readonly directive?: string;
  readonly startUrl?: string | undefined;
  readonly action: keyof typeof actionSchemas;
  readonly more: object;
  readonly seen?: string;
  readonly madeUpChars?: number;
}

function judge({ directive = "Cancel order 5", startUrl, action, more, seen, madeUpChars = 0 }: Wanted): string {
  const wanted: PlaybookAction = actionSchemas[action].parse({ action, ...more });
  const scope = scopeOf({
    directive,
    goal: classifyGoal(directive),
    named: startUrl === undefined ? [] : [startUrl],
    settings: { allowedDomains: [], enableLlmActionCheck: true },
  });
  const progress = { commits: 0, madeUpChars, hasSeen: (address: string) => address === seen };
  const verdict = checkBefore(wanted, { scope, page: { url: startUrl ?? "https://somewhere.example/" }, progress, redact });
  return verdict.kind === "deny" ? verdict.rule : verdict.kind === "allow" ? verdict.effect : verdict.kind;
}

const goto = (url: string, more: Partial<Wanted> = {}): Wanted => ({ action: "goto", more: { params: { url } }, ...more });
const shop = { startUrl: "https://shop.example/" };

describe("before anything is touched", () => {
  test.each<[string, Wanted, string]>([
    [
      "an action of another class is refused",
      { directive: "What is it?", action: "drag", more: { selector: "a", params: { to: "b" } } },
      "scope_action",
    ],
    [
      "a script is refused, whatever is asked for",
      { directive: "Fill in the form and run evaluate", action: "evaluate", more: { params: { script: "1" } } },
      "scope_action",
    ],
    [
      "a request of its own is refused",
      { action: "api_request", more: { request: { url: "https://shop.example/" } }, ...shop },
      "scope_action",
    ],
    ["another site is refused", goto("https://evil.example/", shop), "scope_site"],
    ["the site is not", goto("https://www.shop.example/orders/5?x=1", shop), "read"],
    ["an address that deletes is refused", goto("https://shop.example/orders/5/delete", shop), "scope_address"],
    [
      "but not where a page shows it as a link",
      goto("https://shop.example/orders/5/delete", { ...shop, seen: "https://shop.example/orders/5/delete" }),
      "read",
    ],
    ["a secret in an address is refused", goto("https://shop.example/?q=hunter2-and-more", shop), "scope_secret"],
    ["also where it is encoded", goto("https://shop.example/?q=hunter2%2Dand%2Dmore", shop), "scope_secret"],
    [
      "a secret in a text is refused",
      { action: "fill", more: { selector: "a", params: { text: "x hunter2-and-more" } }, ...shop },
      "scope_secret",
    ],
    [
      "unless the directive itself says that very text",
      { directive: "Log in as hunter2-and-more", action: "fill", more: { selector: "a", params: { text: "hunter2-and-more" } }, ...shop },
      "write",
    ],
    [
      "a secret as a choice is refused",
      { action: "select", more: { selector: "a", params: { value: ["hunter2-and-more"] } }, ...shop },
      "scope_secret",
    ],
    ["a credential by its name is not", { action: "fill", more: { selector: "a", params: { credential_ref: "p" } }, ...shop }, "write"],
    ["but where no site is named", { action: "fill", more: { selector: "a", params: { credential_ref: "p" } } }, "scope_credential"],
    [
      "without a site, an address of the directive's words is opened",
      goto("https://en.wikipedia.org/wiki/Alan_Turing", { directive: "Who was Alan Turing?" }),
      "read",
    ],
    [
      "one that holds other things is refused",
      goto(`https://x.example/?d=${"a1".repeat(madeUpLimits.addressChars)}`, { directive: "Who was Alan Turing?" }),
      "scope_address",
    ],
    [
      "so is one whose host does",
      goto(`https://${"ab".repeat(20)}.${"cd".repeat(20)}.example/`, { directive: "Who was Alan Turing?" }),
      "scope_address",
    ],
    [
      "unless a page shows it",
      goto(`https://x.example/?d=${"a1".repeat(99)}`, {
        directive: "Who was Alan Turing?",
        seen: `https://x.example/?d=${"a1".repeat(99)}`,
      }),
      "read",
    ],
    [
      "many small ones are too much in all",
      goto("https://small.example/", { directive: "Who?", madeUpChars: madeUpLimits.runChars }),
      "scope_address",
    ],
  ])("%s", (_, wanted, verdict) => {
    expect(judge(wanted)).toBe(verdict);
  });
});
