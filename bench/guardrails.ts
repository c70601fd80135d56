import { judgeAddress } from "@clew/egress/judge-address";
import { mergeGuardrails } from "@clew/playbook/guardrail-settings";
import { createRedact } from "@clew/playbook/redact";
import { actionSchemas } from "@clew/playbook/schema/action";
import { checkBefore } from "@clew/sandbox-agent/agent/scope/check-before";
import { checkTarget } from "@clew/sandbox-agent/agent/scope/check-target";
import { filterText } from "@clew/sandbox-agent/agent/scope/filter-observation";
import { scopeOf } from "@clew/sandbox-agent/agent/scope/scope";
import { fine, median, printTable, quantile } from "./support/numbers.ts";

/**
 * What a decision costs that needs no model and looks no name up: an address, an action before it touches anything, the element it would touch, and for
 * comparison a page of 16,000 characters filtered. `node bench/guardrails.ts [repeats]`. Ends with 1 where the median of a decision is above 1 ms; the p99 of a machine that others use too is theirs.
 */
const REPEATS = Number(process.argv[2] ?? 5_000);
const goalMs = 1;

const settings = mergeGuardrails({ blockedDomains: Array.from({ length: 100 }, (_, at) => `*.blocked-${at}.example`) });
const directive = `Delete order 5 on https://shop.example/orders. ${"Look at each row of the list with care. ".repeat(200)}`;
const scope = scopeOf({ directive, goal: "fill_form", named: ["https://shop.example/"], settings });
const redact = createRedact(Array.from({ length: 20 }, (_, at) => `secret-number-${at}-of-this-run`));
const page = { url: "https://shop.example/orders" };
const progress = { commits: 0, mayConfirm: false, madeUpChars: 0, labelOf: () => undefined };
const click = actionSchemas.click.parse({ action: "click", selector: "aria-ref=e5" });
const goto = actionSchemas.goto.parse({ action: "goto", params: { url: `https://shop.example/orders?${"page=1&".repeat(100)}` } });
const target = {
  labels: ["Delete order 5 for good", "x".repeat(200)],
  row: "",
  isInDialog: false,
  heading: "Orders of the shop",
  around: "Are you sure? ".repeat(28),
  documentUrl: page.url,
  leadsTo: undefined,
  formAction: "https://shop.example/orders/5/delete",
  asksOnly: false,
  submits: true,
  sends: [],
  isField: false,
};
const observation = '- row "Order 12345 shipped": link "Open" [ref=e12] → /orders/12345\n'.repeat(250).slice(0, 16_000);

const decisions: readonly (readonly [string, () => unknown])[] = [
  ["an address", () => judgeAddress("https://deep.sub.domain.shop.example/orders", settings)],
  ["an action, before it touches anything", () => checkBefore(goto, { scope, page, progress, redact })],
  ["the element it would touch", () => checkTarget(click, target, { scope, page, progress })],
];

function measure(decide: () => unknown, repeats: number): readonly number[] {
  for (let warm = 0; warm < repeats / 10; warm++) decide();
  return Array.from({ length: repeats }, () => {
    const startedAt = performance.now();
    decide();
    return performance.now() - startedAt;
  });
}

const measured = decisions.map(([name, decide]) => ({ name, times: measure(decide, REPEATS) }));
const filtering = { name: "a page of 16,000 characters, filtered", times: measure(() => filterText(observation), REPEATS / 50) };
printTable(
  `A directive of ${directive.length} characters, 20 secrets, 126 blocked domains; ${REPEATS} decisions each; milliseconds.`,
  ["decision", "median", "p99"],
  [...measured, filtering].map(({ name, times }) => [name, fine(median(times)), fine(quantile(times, 0.99))]),
);
if (measured.some(({ times }) => median(times) > goalMs)) process.exitCode = 1;
