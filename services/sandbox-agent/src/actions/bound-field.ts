import { Fault } from "@clew/fault/fault";
import type { ElementHandle, Frame, Locator, Page } from "playwright";
import { findFocus } from "../browser/find-focus.ts";
import type { HoldingAction } from "../guardrails/bound-credentials.ts";
import type { ActionContext } from "./action.ts";
import type { CallOptions } from "./in-browser.ts";

/** What a text goes into: whatever matches when it does, or the one element that was judged, which ends with its document. */
export type Field = Locator | ElementHandle<HTMLElement | SVGElement>;

/** Runs a function in the page, on what a text goes into. */
export function runOn<R>(field: Field, run: (element: HTMLElement | SVGElement) => R, options: CallOptions): Promise<R> {
  return "elementHandle" in field ? field.evaluate<R, undefined>(run, undefined, options) : field.evaluate(run);
}

/**
 * Answers what a step's text may go into. Where it holds a bound credential, the frame that the element is in is judged, and no other element takes its
 * place: a page may be another by the time it is typed.
 *
 * @throws Fault GUARDRAIL_BLOCKED where that frame is of no origin the credential is for.
 */
export async function boundField(
  step: HoldingAction,
  locator: Locator,
  { bound }: Pick<ActionContext, "bound">,
  options: CallOptions,
): Promise<Field> {
  if (bound === undefined || !bound.holds(step)) return locator;
  const element = await locator.elementHandle(options);
  bound.demand(step, await originOf(await element.ownerFrame()));
  return element;
}

/** Has a field hold a text, instead of what it held. Rejects where it cannot be edited in time. */
export async function fillField(field: Field, text: string, options: CallOptions): Promise<void> {
  if ("elementHandle" in field) return await field.fill(text, options);
  await field.waitForElementState("visible", options);
  await field.waitForElementState("editable", options);
  if (!(await field.evaluate(enterInstead, text))) throw new Fault("ACTION_FAILED", { message: "The field did not take the text." });
}

/** Types a character where the focus is, and nowhere else. */
export type TypeBound = (page: Page, character: string) => Promise<void>;

/** What types a text that holds a bound credential where the focus is; undefined where it holds none. Throws as `boundField` does, before each character, and ACTION_FAILED where one is not taken. */
export function boundTyping(step: HoldingAction, { bound }: Pick<ActionContext, "bound">): TypeBound | undefined {
  if (bound === undefined || !bound.holds(step)) return undefined;
  return async (page, character) => {
    await using focus = await findFocus(page);
    bound.demand(step, await originOf(focus.frame));
    if (!(await focus.element?.evaluate(enterAtCaret, character)))
      throw new Fault("ACTION_FAILED", { message: "What has the focus did not take the text: click the field first." });
  };
}

/**
 * Runs in the page. Keys go to whatever has the focus by then, and another origin's frame may take it at any time: what is entered in the document itself
 * stays there.
 */
function enterInstead(element: HTMLElement | SVGElement, text: string): boolean {
  const field = element instanceof HTMLLabelElement ? (element.control ?? element) : element;
  field.focus();
  const holdsValue = field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement;
  if (holdsValue) field.select();
  else field.ownerDocument.getSelection()?.selectAllChildren(field);
  return field.ownerDocument.execCommand("insertText", false, text) || (holdsValue && field.value === text);
}

/** Runs in the page. Answers whether it was taken. */
function enterAtCaret(element: Node, character: string): boolean {
  const holdsValue = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement;
  const before = holdsValue ? element.value : "";
  return (element.ownerDocument?.execCommand("insertText", false, character) ?? false) || (holdsValue && element.value !== before);
}

/** The origin of what a frame shows, as the browser says it and no page: empty where it has none of its own, as in a frame that is kept from it. */
async function originOf(frame: Frame | null): Promise<string> {
  if (frame === null) return "";
  const parent = frame.parentFrame();
  if (parent === null) return URL.parse(frame.url())?.origin ?? "";
  for (let inner: Frame = frame, outer: Frame | null = parent; outer !== null; inner = outer, outer = inner.parentFrame()) {
    await using element = await inner.frameElement();
    const kept = await element.getAttribute("sandbox");
    if (kept !== null && !/(?:^|\s)allow-same-origin(?:\s|$)/i.test(kept)) return "";
  }
  return frame.url().startsWith("about:srcdoc") ? await originOf(parent) : (URL.parse(frame.url())?.origin ?? "");
}
