import type { StepOf } from "@clew/playbook/playbook-schema";
import { settledFocus } from "../browser/settled-focus.ts";
import { conceal, concealFocused } from "../recording/conceal.ts";
import type { PrepareAction } from "./action.ts";
import { boundField, boundTyping, fillField } from "./bound-field.ts";
import { checkKey } from "./check-key.ts";
import { type FoundElement, findElement } from "./find-element.ts";
import { type CallOptions, inBrowser } from "./in-browser.ts";
import { timeouts } from "./timeouts.ts";
import { pressKey, typeKeys } from "./type-keys.ts";
import { typedText } from "./typed-text.ts";

/** Enters a text or a credential, then presses a key: in an element where the step names one, otherwise where the focus is. */
export const keyPress: PrepareAction<StepOf<"key_press">> = async (step, context) => {
  const { active } = context;
  const { key, timeout_ms: timeout = timeouts.action } = step.params;
  const typed = typedText(step.params, context);
  const element = step.selector === undefined ? undefined : await findElement(step.selector, context);
  const fieldOf = (found: FoundElement) => (options: CallOptions) => boundField(step, found.locator, context, options);
  if (element !== undefined) await inBrowser(`Looking at ${element.words}`, timeout, context, fieldOf(element));
  const into = element === undefined ? "" : ` into ${element.words}`;

  const enter = async (): Promise<void> => {
    if (typed === undefined) return;
    const typingMs = step.params.timeout_ms ?? timeouts.action + typed.text.length * timeouts.typedCharacter;
    await inBrowser(`Typing${into}`, element === undefined ? typingMs : timeout, context, async (options) => {
      if (element === undefined) {
        const page = await settledFocus(active, options.signal);
        if (typed.isSecret) await concealFocused(page);
        return await typeKeys(typed.text, page, options.signal, boundTyping(step, context));
      }
      const field = await fieldOf(element)(options);
      if (typed.isSecret) await conceal(field, options);
      await fillField(field, typed.text, options);
    });
  };
  return async () => {
    // What a text goes into is a field, which no key clicks; typed where the focus is, its line ends are Enter.
    if (typed !== undefined && element === undefined && /[\r\n]/.test(typed.text)) await checkKey("Enter", undefined, context);
    if (key !== undefined && typed === undefined) await checkKey(key, element, context);
    await enter();
    if (key !== undefined) await inBrowser(`Pressing ${key}`, timeout, context, (options) => pressKey(key, element, active, options));
    if (typed === undefined) return { did: `Pressed ${key}${element === undefined ? "" : ` in ${element.words}`}` };
    return { did: key === undefined ? `Typed ${typed.words}${into}` : `Typed ${typed.words}${into} and pressed ${key}` };
  };
};
