import { Fault } from "@clew/fault/fault";
import type { StepOf } from "@clew/playbook/playbook-schema";
import type { Redact } from "@clew/playbook/redact";
import { delay } from "@clew/streams/delay";
import { publicAddress } from "../browser/address.ts";
import type { OfferedOptions } from "../observation/in-page.ts";
import { readOne } from "../observation/reader.ts";
import type { ActionContext, PrepareAction } from "./action.ts";
import { boundField } from "./bound-field.ts";
import { cut } from "./cut.ts";
import { findElement } from "./find-element.ts";
import { type CallOptions, inBrowser } from "./in-browser.ts";
import { timeouts } from "./timeouts.ts";

/** The most options that an error lists, and characters of each. */
const mostOptions = 20;
const optionChars = 40;

/** How often a list is looked at until it has what is wanted, in milliseconds. */
const pollMs = 100;

/** Chooses options of a list, each by its value or its label, instead of those that were chosen; waits for those that are still to come. */
export const select: PrepareAction<StepOf<"select">> = async (step, context) => {
  const timeout = step.params.timeout_ms ?? timeouts.action;
  const wanted = [step.params.value].flat();
  const { active } = context;
  const before = active.navigations;
  const { locator, words, own } = await findElement(step.selector, context, { also: "options" });
  const fieldOf = (options: CallOptions) => boundField(step, locator, context, options);
  await inBrowser(`Looking at ${words}`, timeout, context, fieldOf);
  const chosenNow = async (options: CallOptions): Promise<readonly WantedOption[]> => {
    const seen = own === undefined || active.navigations !== before ? undefined : choose(wanted, own.read, words, context);
    if (seen !== undefined && !(seen instanceof Fault)) return seen;
    const deadline = performance.now() + timeout;
    for (let isLast = false; ; await delay(pollMs, options)) {
      const chosen = choose(wanted, await readOne(locator, "options", options), words, context);
      if (!(chosen instanceof Fault)) return chosen;
      if (isLast || chosen.reason === "SELECTOR_AMBIGUOUS") throw chosen;
      isLast = performance.now() + pollMs >= deadline;
    }
  };
  return async () => {
    await inBrowser(`Choosing in ${words}`, timeout, context, async (options) => {
      const field = await fieldOf(options);
      // Once: what a busy page is asked is not taken back when the time is over, and a page that is told twice may act twice.
      await field.selectOption([...(await chosenNow(options))], options);
    });
    return { did: wanted.length === 1 ? `Chose an option of ${words}` : `Chose ${wanted.length} options of ${words}` };
  };
};

/** An option as it was seen: another that came in its place meanwhile is not chosen. */
interface WantedOption {
  readonly value: string;
  readonly label: string;
  /** Where another has the same value and the same label. */
  readonly index?: number;
}

/**
 * Finds the options that are wanted, each by its value or its label, or says why they cannot be chosen, and which there are. What was wanted is not told:
 * it may be a secret. Options of one value are one.
 */
function choose(
  wanted: readonly string[],
  offered: OfferedOptions | null,
  words: string,
  { active, redact }: ActionContext,
): readonly WantedOption[] | Fault {
  if (offered === null) return new Fault("ACTION_FAILED", { message: `${words} is no list of options: click it, then the option.` });
  const { options, isMultiple } = offered;
  // The browser would choose the first of them.
  if (wanted.length > 1 && !isMultiple)
    return new Fault("ACTION_FAILED", { message: `${words} takes one option only, and the step names ${wanted.length}.` });
  const matches = wanted.map((text) =>
    options.flatMap((option, index) => (option.value === text || option.label === squeeze(text) ? [{ ...option, index }] : [])),
  );
  const where = `(on ${publicAddress(redact(active.url))})`;
  const several = matches.find((found) => new Set(found.map(({ value }) => value)).size > 1);
  if (several !== undefined) {
    const values = listed(
      several.map(({ value }) => value),
      redact,
    );
    return new Fault("SELECTOR_AMBIGUOUS", {
      message: `${words} has ${several.length} such options ${where}: say which by value, ${values}.`,
    });
  }
  const chosen = matches.map((found) => found.find(({ isDisabled }) => !isDisabled));
  if (!chosen.includes(undefined)) return chosen.flatMap((option) => (option ? [asWanted(option, options)] : []));
  const why = matches.some((found) => found.length === 0) ? "has no such option" : "has that option, but it is disabled";
  const labels = listed(
    options.map(({ label, value }) => label || value),
    redact,
  );
  return new Fault("ACTION_FAILED", { message: `${words} ${why} ${where}. It has ${labels || "none"}.` });
}

function asWanted(
  { value, label, index }: OfferedOptions["options"][number] & { readonly index: number },
  options: OfferedOptions["options"],
): WantedOption {
  const isAlone = options.every((other, at) => at === index || other.value !== value || other.label !== label);
  return isAlone ? { value, label } : { value, label, index };
}

function listed(texts: readonly string[], redact: Redact): string {
  const shown = redact(texts.slice(0, mostOptions)).map((text) => `'${cut(text, optionChars)}'`);
  return shown.join(", ") + (texts.length > mostOptions ? ", …" : "");
}

function squeeze(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
