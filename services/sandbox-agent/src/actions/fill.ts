import type { StepOf } from "@clew/playbook/playbook-schema";
import { conceal } from "../recording/conceal.ts";
import type { PrepareAction } from "./action.ts";
import { boundField, fillField } from "./bound-field.ts";
import { findElement } from "./find-element.ts";
import { type CallOptions, inBrowser } from "./in-browser.ts";
import { timeouts } from "./timeouts.ts";
import { typedText } from "./typed-text.ts";

/** Has a field hold a text or a credential, instead of what it held. */
export const fill: PrepareAction<StepOf<"fill">> = async (step, context) => {
  const timeout = step.params.timeout_ms ?? timeouts.action;
  const typed = typedText(step.params, context) ?? { text: "", words: "text", isSecret: false };
  const { locator, words } = await findElement(step.selector, context);
  const fieldOf = (options: CallOptions) => boundField(step, locator, context, options);
  await inBrowser(`Looking at ${words}`, timeout, context, fieldOf);
  return async () => {
    await inBrowser(`Filling ${words}`, timeout, context, async (options) => {
      const field = await fieldOf(options);
      if (typed.isSecret) await conceal(field, options);
      await fillField(field, typed.text, options);
    });
    return { did: `Filled ${words} with ${typed.words}` };
  };
};
