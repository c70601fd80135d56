import type { PlaybookSelector, PlaybookStep, StepOf } from "@clew/playbook/playbook-schema";
import { describeCandidate } from "@clew/playbook/schema/candidate";
import { publicAddress } from "../browser/address.ts";
import { cut } from "./cut.ts";

type Summaries = { readonly [A in PlaybookStep["action"]]: (step: StepOf<A>) => string };

const summaries: Summaries = {
  goto: ({ params }) => `navigate to ${at(params.url)}`,
  go_back: () => "go back",
  reload: () => "reload the page",
  click: ({ selector, params: { button = "left", count = 1, modifiers = [] } }) => {
    const how = [button === "left" ? "" : button, count === 1 ? "" : `${count}x`, ...modifiers].filter((word) => word !== "");
    return `click ${the(selector)}${how.length === 0 ? "" : ` (${how.join(", ")})`}`;
  },
  hover: ({ selector }) => `hover over ${the(selector)}`,
  drag: ({ selector, params }) => `drag ${the(selector)} to ${the(params.to)}`,
  fill: ({ selector, params }) => `${typing(params, "fill")} into ${the(selector)}`,
  press: ({ selector, params }) => `press ${params.key}${selector === undefined ? "" : ` in ${the(selector)}`}`,
  key_press: ({ selector, params }) => {
    const { key, text, credential_ref: reference } = params;
    if (text === undefined && reference === undefined) return `press ${key}${selector === undefined ? "" : ` in ${the(selector)}`}`;
    const typed = `${typing(params, "type")}${selector === undefined ? "" : ` into ${the(selector)}`}`;
    return key === undefined ? typed : `${typed} + press ${key}`;
  },
  select: ({ selector }) => `select in ${the(selector)}`,
  check: ({ selector, params }) => `${params.checked ? "check" : "uncheck"} ${the(selector)}`,
  scroll: ({ selector, params: { direction, amount, to } }) => {
    const isIntoView = selector !== undefined && direction === undefined && amount === undefined && to === undefined;
    if (isIntoView) return `scroll ${the(selector)} into view`;
    const way = to === undefined ? `${direction ?? "down"} ${amount ?? 1}x` : `to the ${to}`;
    return `scroll ${selector === undefined ? "" : `${the(selector)} `}${way}`;
  },
  upload: ({ selector, params }) => `upload ${params.files.length === 1 ? "a file" : `${params.files.length} files`} to ${the(selector)}`,
  download: ({ selector, params }) => `download ${selector === undefined ? at(params.url ?? "") : `from ${the(selector)}`}`,
  wait_for: ({ selector, params }) => `wait for ${the(selector)} to be ${params.state}`,
  extract: ({ selector, params }) => `extract ${params.mode} from ${the(selector)}`,
  llm_extract: ({ selector }) => `extract with a model from ${the(selector)}`,
  get_dom: ({ selector }) => (selector === undefined ? "get DOM" : `get DOM (scoped: ${the(selector)})`),
  screenshot: ({ selector }) => (selector === undefined ? "take screenshot" : `take screenshot of ${the(selector)}`),
  evaluate: () => "run a script",
  switch_tab: ({ params }) => `switch to ${tab(params, "the other tab")}`,
  close_tab: ({ params }) => `close ${tab(params, "the tab")}`,
  handle_dialog: ({ params }) => `${params.accept ? "accept" : "dismiss"} the next dialog`,
  api_request: ({ request }) => `send ${request.method} ${at(request.url)}`,
  execute_sequence: ({ steps }) => `execute ${steps.length}-step sequence`,
  if: () => "decide",
  for_each: ({ for_each: name }) => `repeat for each ${name}`,
  call: ({ call }) => `call ${call}`,
};

/** Says in a few words what a step acts on. What is typed never stands in it: it may be a secret. */
export function inputSummary(step: PlaybookStep): string {
  return summarize(step.action, step);
}

function summarize<A extends PlaybookStep["action"]>(action: A, step: StepOf<A>): string {
  return summaries[action](step);
}

function the(selector: PlaybookSelector | undefined): string {
  if (selector === undefined) return "'body'";
  // A ref says nothing to anybody later.
  const isRef = selector.primary.value.startsWith("aria-ref=") && selector.description !== "";
  return isRef ? cut(selector.description, 60) : `'${cut(describeCandidate(selector.primary), 50)}'`;
}

function at(url: string): string {
  return cut(publicAddress(url), 80);
}

function typing({ credential_ref: reference }: { readonly credential_ref?: string | undefined }, verb: string): string {
  return reference === undefined ? `${verb} text` : `${verb} credential '${cut(reference, 30)}'`;
}

function tab({ url_contains: url, title_contains: title, index }: StepOf<"switch_tab">["params"], otherwise: string): string {
  if (url !== undefined) return `the tab at '${cut(url.split(/[?#]/, 1)[0] ?? "", 50)}'`;
  if (title !== undefined) return `the tab '${cut(title, 50)}'`;
  return index === undefined ? otherwise : `tab ${index}`;
}
