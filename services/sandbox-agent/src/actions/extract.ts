import type { StepOf } from "@clew/playbook/playbook-schema";
import type { Locator } from "playwright";
import type { ActionContext, PrepareAction } from "./action.ts";
import { findElement } from "./find-element.ts";
import { playwrightFault } from "./playwright-fault.ts";
import { timeouts } from "./timeouts.ts";

/** The most characters taken from a page; more is cut. */
const mostChars = 1_000_000;

/** Reads an element, the whole body unless the step names one: its text, its HTML, or what a field holds. */
export const extract: PrepareAction<StepOf<"extract">> = async (step, context) => {
  const { signal, redact } = context;
  const timeout = step.params.timeout_ms ?? timeouts.action;
  const { locator, words } = await target(step, context);
  return async () => {
    const found = await read(locator, step.params.mode, { timeout, signal }).catch((thrown: unknown) => {
      signal.throwIfAborted();
      throw playwrightFault(thrown, "Reading the page", timeout, redact);
    });
    return { did: `Read ${words}`, found: redact(found.trim()).slice(0, mostChars) };
  };
};

async function target(step: StepOf<"extract">, context: ActionContext): Promise<{ locator: Locator; words: string }> {
  const { active, signal } = context;
  if (step.selector !== undefined && !isBody(step)) return await findElement(step.selector, context);
  const page = await active.settled(signal);
  return { locator: page.locator("body"), words: "the page" };
}

function isBody(step: StepOf<"extract">): boolean {
  return step.selector === undefined || step.selector.primary.value === "body";
}

function read(
  locator: Locator,
  mode: "text" | "html" | "value" | "markdown" | "table",
  options: { timeout: number; signal: AbortSignal },
): Promise<string> {
  if (mode === "html") return locator.evaluate((element) => element.outerHTML, undefined, options);
  if (mode === "value") return locator.inputValue(options);
  return locator.innerText(options);
}
