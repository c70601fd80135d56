import { Fault } from "@clew/fault/fault";
import type { StepOf } from "@clew/playbook/playbook-schema";
import type { Locator } from "playwright";
import { publicAddress } from "../browser/address.ts";
import type { ActionContext, PrepareAction } from "./action.ts";
import { cut } from "./cut.ts";
import { findElement } from "./find-element.ts";
import { type CallOptions, inBrowser } from "./in-browser.ts";
import { timeouts } from "./timeouts.ts";

/** The most options that an error lists, and characters of each. */
const mostOptions = 20;
const optionChars = 40;

/** What a list offers. */
interface OfferedOptions {
  readonly isMultiple: boolean;
  /** Values and labels of what may be chosen, as the page has them. */
  readonly options: readonly { readonly value: string; readonly label: string; readonly isDisabled: boolean }[];
}

/** Chooses options of a list, each by its value or its label, instead of those that were chosen. */
export const select: PrepareAction<StepOf<"select">> = async (step, context) => {
  const timeout = step.params.timeout_ms ?? timeouts.action;
  const wanted = [step.params.value].flat();
  const { locator, words } = await findElement(step.selector, context);
  return async () => {
    await inBrowser(`Choosing in ${words}`, timeout, context, async (options) => {
      // The browser would choose the first of them.
      if (wanted.length > 1 && (await locator.evaluate(readOptions, undefined, options))?.isMultiple === false)
        throw new Fault("ACTION_FAILED", { message: `${words} takes one option only, and the step names ${wanted.length}.` });
      await locator.selectOption(wanted, options).catch(async (thrown: unknown) => {
        throw (await missingOption(locator, wanted, words, context, options)) ?? thrown;
      });
    });
    return { did: wanted.length === 1 ? `Chose an option of ${words}` : `Chose ${wanted.length} options of ${words}` };
  };
};

/** Says that it is no list, or which options there are, where one that is wanted is not among them or cannot be chosen. What was wanted is not told: it may be a secret. */
async function missingOption(
  locator: Locator,
  wanted: readonly string[],
  words: string,
  { active, redact }: ActionContext,
  { signal }: CallOptions,
): Promise<Fault | undefined> {
  if (signal.aborted) return undefined;
  const offered = await locator.evaluate(readOptions, undefined, { timeout: timeouts.selectorProbe, signal }).catch(() => undefined);
  if (offered === undefined) return undefined;
  if (offered === null) return new Fault("ACTION_FAILED", { message: `${words} is no list of options: click it, then the option.` });
  const chosen = wanted.map((text) => offered.options.find(({ value, label }) => value === text || label === text));
  if (chosen.every((option) => option !== undefined && !option.isDisabled)) return undefined;
  const why = chosen.includes(undefined) ? "has no such option" : "has that option, but it is disabled";
  const labels = redact(offered.options.map(({ label, value }) => label || value)).map((label) => `'${cut(label, optionChars)}'`);
  const where = publicAddress(redact(active.url));
  const more = labels.length > mostOptions ? ", …" : "";
  return new Fault("ACTION_FAILED", {
    message: `${words} ${why} (on ${where}). It has ${labels.slice(0, mostOptions).join(", ") || "none"}${more}.`,
  });
}

/** Runs in the page. */
function readOptions(element: Element): OfferedOptions | null {
  const list = element instanceof HTMLLabelElement ? element.control : element;
  if (!(list instanceof HTMLSelectElement)) return null;
  const options = [...list.options].map((option) => ({
    value: option.value,
    label: option.label.replace(/\s+/g, " ").trim(),
    isDisabled: option.matches(":disabled"),
  }));
  return { isMultiple: list.multiple, options };
}
