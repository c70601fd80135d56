import { createRedact } from "@clew/playbook/redact";
import { actionSchemas, type PlaybookAction } from "@clew/playbook/schema/action";
import { describe, expect, test } from "vitest";
import { checkBefore } from "./check-before.ts";
import { classifyGoal } from "./goal-class.ts";
import { madeUpLimits } from "./made-up-address.ts";
import { type ScopeInput, scopeOf } from "./scope.ts";

const redact = createRedact(["hunter2-and-more"]);

interface Wanted {
  readonly directive?: string;
  readonly startUrl?: string | undefined;
  readonly action: keyof typeof actionSchemas;
  readonly more: object;
  readonly seen?: string;
  readonly madeUpChars?: number;
  readonly requests?: ScopeInput["requests"];
  readonly wasPosted?: boolean;
}

function judge({
  directive = "Cancel order 5",
  startUrl,
  action,
  more,
  seen,
  madeUpChars = 0,
  requests = [],
  wasPosted = false,
}: Wanted): string {
  const wanted: PlaybookAction = actionSchemas[action].parse({ action, ...more });
  const scope = scopeOf({
    directive,
    goal: classifyGoal(directive),
    named: startUrl === undefined ? [] : [startUrl],
    needs: requests.length > 0 ? ["api_request"] : [],
    requests,
    settings: { allowedDomains: [], enableLlmActionCheck: true },
  });
  const progress = { commits: 0, mayConfirm: false, madeUpChars, labelOf: (address: string) => (address === seen ? "Next" : undefined) };
  const verdict = checkBefore(wanted, { scope, page: { url: startUrl ?? "https://somewhere.example/", wasPosted }, progress, redact });
  return verdict.kind === "deny" ? verdict.rule : verdict.kind === "allow" ? verdict.effect : `${verdict.of}: ${verdict.rule}`;
}

const goto = (url: string, more: Partial<Wanted> = {}): Wanted => ({ action: "goto", more: { params: { url } }, ...more });
const requested = (request: object): Wanted => ({
  action: "api_request",
  more: { request },
  startUrl: "https://shop.example/",
  requests: [{ method: "GET", address: "https://api.shop.example/orders" }],
});
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
      "a key that a page gives to an element is refused",
      { action: "press", more: { params: { key: "Alt+Shift+d" } }, ...shop },
      "scope_element",
    ],
    ["and one that only moves is not", { action: "press", more: { params: { key: "Alt+ArrowDown" } }, ...shop }, "write"],
    [
      "a request of its own is refused",
      { action: "api_request", more: { request: { url: "https://shop.example/" } }, ...shop },
      "scope_action",
    ],
    ["another site is refused", goto("https://evil.example/", shop), "scope_site"],
    ["the site is not", goto("https://www.shop.example/orders/5?x=1", shop), "read"],
    ["an address that deletes needs a person", goto("https://shop.example/orders/5/delete", shop), "person: scope_address"],
    [
      "also where a page shows it as a link",
      goto("https://shop.example/orders/5/delete", { ...shop, seen: "https://shop.example/orders/5/delete" }),
      "person: scope_address",
    ],
    [
      "who only reads opens none",
      goto("https://shop.example/orders/5/delete", { ...shop, directive: "What is it?", seen: "https://shop.example/orders/5/delete" }),
      "scope_address",
    ],
    ["who is to delete opens it once", goto("https://shop.example/orders/5/delete", { ...shop, directive: "Delete order 5" }), "commit"],
    ["what was sent is not sent again", { action: "reload", more: {}, wasPosted: true, ...shop }, "scope_commit"],
    ["a page that was only asked for is", { action: "reload", more: {}, ...shop }, "write"],
    ["a request that a step sends is sent", { ...requested({ url: "https://api.shop.example/orders?x=1" }) }, "read"],
    ["by another method it is not", { ...requested({ url: "https://api.shop.example/orders", method: "DELETE" }) }, "scope_action"],
    ["nor elsewhere on the site", { ...requested({ url: "https://api.shop.example/customers" }) }, "scope_action"],
    [
      "nor with a secret in it",
      { ...requested({ url: "https://api.shop.example/orders", headers: { note: "hunter2-and-more" } }) },
      "scope_secret",
    ],
    [
      "nor where it says to delete",
      { ...requested({ url: "https://api.shop.example/orders", query: { action: "delete" } }) },
      "person: scope_address",
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
