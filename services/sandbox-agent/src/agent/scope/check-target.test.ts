import type { PlaybookAction } from "@clew/playbook/schema/action";
import { describe, expect, it, test } from "vitest";
import { checkTarget } from "./check-target.ts";
import { classifyGoal } from "./goal-class.ts";
import { scopeOf } from "./scope.ts";
import type { TargetFacts } from "./scope-verdict.ts";

const page = { url: "https://shop.example/orders" };
const selector = {
  primary: { by: "selector", value: "aria-ref=e1", exact: false, whole_words: false, frame: [] },
  fallbacks: [],
  description: "",
} as const;
const click: PlaybookAction = { action: "click", selector, params: {} };
const password: PlaybookAction = { action: "fill", selector, params: { credential_ref: "password" } };

const enter: PlaybookAction = { action: "press", selector, params: { key: "Enter" } };

const typed = (text: string): PlaybookAction => ({ action: "key_press", params: { text } });
const key = (name: string): PlaybookAction => ({ action: "press", selector, params: { key: name } });
const keyed: PlaybookAction = { action: "key_press", params: { credential_ref: "password" } };

interface Judged extends Partial<TargetFacts> {
  readonly directive?: string;
  readonly action?: PlaybookAction;
  readonly commits?: number;
  readonly mayConfirm?: boolean;
  readonly hasValidator?: boolean;
}

function judge({ directive = "Cancel order 5", action = click, commits = 0, mayConfirm = false, hasValidator = true, ...facts }: Judged) {
  const settings = { allowedDomains: [], enableLlmActionCheck: hasValidator };
  const scope = scopeOf({ directive, goal: classifyGoal(directive), named: [page.url], settings });
  const target: TargetFacts = {
    labels: [],
    around: "",
    isInDialog: false,
    row: "",
    heading: "",
    documentUrl: page.url,
    leadsTo: undefined,
    formAction: undefined,
    asksOnly: false,
    submits: false,
    sends: [],
    isField: false,
    ...facts,
  };
  const verdict = checkTarget(action, target, { scope, page, progress: { commits, mayConfirm } });
  if (verdict.kind === "allow") return verdict.effect;
  return verdict.kind === "deny" ? `no: ${verdict.rule}` : `${verdict.of}: ${verdict.rule}`;
}

describe("[weakness 27] a click is judged by all that stands on it, and by the directive:", () => {
  test.each<[string, Judged, string]>([
    ["what the directive names happens", { labels: ["Cancel order"], heading: "Order 5" }, "commit"],
    ["and to what it names", { labels: ["Cancel order"], heading: "Order 6" }, "validator: destructive_click"],
    ["once", { labels: ["Cancel order"], heading: "Order 5", commits: 1 }, "person: scope_commit"],
    ["a row's Cancel leaves nothing", { labels: ["Cancel"], row: "Order 6 Cancel" }, "validator: destructive_click"],
    ["but what is to be cancelled", { labels: ["Cancel"], row: "Order 5 Cancel" }, "commit"],
    ["and elsewhere it leaves what was begun", { labels: ["Cancel"] }, "write"],
    ["what it names and cannot be taken back happens once", { directive: "Delete order 5", labels: ["Delete order 5"] }, "commit"],
    ["and not twice", { directive: "Delete order 5", labels: ["Delete"], commits: 1 }, "person: scope_commit"],
    ...(
      [
        ["but the question that it leads to is answered", { around: "Delete order 5? It cannot be undone." }, "commit"],
        ["of the same only", { around: "Delete order 6? It cannot be undone." }, "person: scope_commit"],
        ["by its number", { around: "Delete it? It cannot be undone." }, "person: scope_commit"],
        ["in a dialog only", { around: "Delete order 5?", isInDialog: false }, "person: scope_commit"],
        ["and once only", { around: "Delete order 5?", mayConfirm: false }, "person: scope_commit"],
      ] satisfies [string, Judged, string][]
    ).map(([name, judged, verdict]): [string, Judged, string] => [
      name,
      { directive: "Delete order 5", labels: ["Yes, delete"], commits: 1, mayConfirm: true, isInDialog: true, ...judged },
      verdict,
    ]),
    ["but as often as it says", { directive: "Delete all orders", labels: ["Delete"], commits: 3 }, "commit"],
    [
      "more than it names needs the validator",
      { directive: "Delete order 5", labels: ["Delete customer"] },
      "validator: destructive_click",
    ],
    ["another kind needs a person", { directive: "Delete order 5", labels: ["Pay now"] }, "person: destructive_click"],
    ["a single word will do", { labels: ["Pay"] }, "person: destructive_click"],
    ["which the directive may ask for", { directive: "Pay order 5", labels: ["Pay"], heading: "Order 5" }, "commit"],
    ["of what the page is about", { directive: "Pay order 5", labels: ["Pay"], heading: "Order 6" }, "validator: destructive_click"],
    ["a sign may say so too", { directive: "Write a note", labels: ["🗑"], row: "Order 2 🗑" }, "person: destructive_click"],
    ["which in one row may be asked for", { directive: "Delete order 1", labels: ["🗑️"], row: "Order 1 🗑️" }, "commit"],
    ["but in no other", { directive: "Delete order 1", labels: ["🗑️"], row: "Order 2 🗑️" }, "validator: destructive_click"],
    ["a sign that says nothing needs the validator", { labels: ["☠"] }, "validator: scope_element"],
    ["and arrows lead on", { labels: ["»"] }, "write"],
    ["an account needs a person", { directive: "Delete order 5", labels: ["Delete account"] }, "person: destructive_click"],
    ["a safe word in front saves nothing", { labels: ["Next: delete account"] }, "person: destructive_click"],
    ["nor does one of several labels", { labels: ["Show order", "Refund"] }, "person: destructive_click"],
    [
      "what it says not to do is not asked for",
      { directive: "Cancel order 5, but do not delete it", labels: ["Delete"] },
      "person: destructive_click",
    ],
    ["what is open needs the validator", { labels: ["Do it"] }, "validator: scope_element"],
    ["what has no name needs a person", { labels: [] }, "person: scope_element"],
    ["also where no model judges", { labels: [], hasValidator: false }, "person: scope_element"],
    ["what is asked for in one row happens there", { directive: "Delete order 1", labels: ["Delete"], row: "Order 1 Delete" }, "commit"],
    [
      "and in another row needs the validator",
      { directive: "Delete order 1", labels: ["Delete"], row: "Order 2 Delete" },
      "validator: destructive_click",
    ],
    [
      "but a label that says all of it does not need its row",
      { directive: "Delete order 1", labels: ["Delete order 1"], row: "Milk Bread" },
      "commit",
    ],
    [
      "one order is not many where no other is to be touched",
      { directive: "Delete order 1. Do not touch any other.", labels: ["Delete order 1"], commits: 1 },
      "person: scope_commit",
    ],
    [
      "a link that deletes is judged by its address too",
      { labels: ["Next"], leadsTo: "https://shop.example/orders/1/delete" },
      "person: destructive_click",
    ],
    [
      "who asks how does not ask for it",
      { directive: "Log in and tell me how to delete my account", labels: ["Delete account"] },
      "person: destructive_click",
    ],
    [
      "Close closes an account where that is the question",
      { directive: "Write a note", labels: ["Close"], around: "Close your account? This cannot be undone. Close Keep" },
      "person: destructive_click",
    ],
    ["and a window where it is not", { labels: ["Close"], around: "Delete your account? Delete Close" }, "write"],
    [
      "an end of line in what is typed is Enter",
      { action: typed("5\n"), isField: true, sends: ["Pay $ 500"] },
      "person: destructive_click",
    ],
    ["so is the key of that name", { action: key("\n"), isField: true, sends: ["Pay $ 500"] }, "person: destructive_click"],
    ["and what a credential may end with", { action: keyed, isField: true, sends: ["Pay $ 500"] }, "person: destructive_click"],
    ["a text without one only fills in", { action: typed("5"), isField: true, sends: ["Pay $ 500"] }, "write"],
    ["what is open happens where no model judges", { labels: ["Do it"], hasValidator: false }, "write"],
    [
      "what cannot be taken back does not happen for want of a validator",
      { directive: "Delete order 5", labels: ["Delete customer"], hasValidator: false },
      "validator: destructive_click",
    ],
    ["yes means what the question says", { labels: ["Yes"], around: "Delete your account? Yes No" }, "person: destructive_click"],
    [
      "Enter in a field presses the form's button",
      { action: enter, isField: true, sends: ["Delete account"] },
      "person: destructive_click",
    ],
    ["and a click in it does not", { isField: true, sends: ["Delete account"] }, "write"],
    ["no means no", { labels: ["No"], around: "Delete your account? Yes No" }, "write"],
    ["letters that only look so count", { labels: ["Dеlеtе аccount"] }, "person: destructive_click"],
    ["who only reads does nothing that cannot be taken back", { directive: "What is it?", labels: ["Delete"] }, "no: destructive_click"],
    ["who only reads leaves the account alone", { directive: "What is it?", labels: ["Log out"] }, "no: scope_element"],
  ])("%s", (_, judged, verdict) => {
    expect(judge(judged)).toBe(verdict);
  });
});

describe("[weakness 25] where something entered would go is judged:", () => {
  const field = { isField: true, labels: ["Name"] };
  test.each<[string, Judged, string]>([
    ["a form of the site", { ...field, formAction: "https://shop.example/save", action: password }, "write"],
    ["a form of a subdomain of it", { ...field, formAction: "https://login.shop.example/in", action: password }, "write"],
    ["a form that is sent elsewhere", { ...field, formAction: "https://evil.example/" }, "no: scope_form"],
    [
      "a form that is sent elsewhere, by its button",
      { submits: true, labels: ["Save"], formAction: "https://evil.example/" },
      "no: scope_form",
    ],
    ["a field in another site's frame", { ...field, documentUrl: "https://evil.example/" }, "no: scope_form"],
    [
      "a credential where the form is sent elsewhere",
      { ...field, action: password, formAction: "https://evil.example/" },
      "no: scope_credential",
    ],
    ["a credential in another site's frame", { ...field, action: password, documentUrl: "https://evil.example/" }, "no: scope_credential"],
    ["a credential over plain http", { ...field, action: password, documentUrl: "http://shop.example/" }, "no: scope_credential"],
    ["a link that leads away", { leadsTo: "https://evil.example/", labels: ["Next"] }, "no: scope_site"],
    ["a form, by who only reads", { ...field, directive: "What is it?", formAction: "https://shop.example/save" }, "no: scope_element"],
    [
      "a search, by who only reads",
      { ...field, directive: "What is it?", formAction: "https://shop.example/find", asksOnly: true },
      "write",
    ],
    [
      "a search of another site, by who only reads",
      { ...field, directive: "What is it?", formAction: "https://evil.example/", asksOnly: true },
      "no: scope_element",
    ],
    [
      "anything, by who only opens a page",
      { ...field, directive: "Open the orders", formAction: "https://shop.example/find", asksOnly: true },
      "no: scope_element",
    ],
  ])("%s", (_, judged, verdict) => {
    expect(judge(judged)).toBe(verdict);
  });
});

it("decides the same again and again: nothing a page says is remembered", () => {
  expect(new Set(Array.from({ length: 5 }, () => judge({ labels: ["Do it"] })))).toEqual(new Set(["validator: scope_element"]));
});
