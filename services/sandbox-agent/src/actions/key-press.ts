import type { StepOf } from "@clew/playbook/playbook-schema";
import { conceal, concealFocused } from "../recording/conceal.ts";
import type { PrepareAction } from "./action.ts";
import { checkKey } from "./check-key.ts";
import { findElement } from "./find-element.ts";
import { inBrowser } from "./in-browser.ts";
import { timeouts } from "./timeouts.ts";
import { pressKey, typeKeys } from "./type-keys.ts";
import { typedText } from "./typed-text.ts";

/** Enters a text or a credential, then presses a key: in an element where the step names one, otherwise where the focus is. */
export const keyPress: PrepareAction<StepOf<"key_press">> = async (step, context) => {
  const { active } = context;
  const { key, timeout_ms: timeout = timeouts.action } = step.params;
  const typed = typedText(step.params, context);
  const element = step.selector === undefined ? undefined : await findElement(step.selector, context);
  const into = element === undefined ? "" : ` into ${element.words}`;

  const enter = async (): Promise<void> => {
    if (typed === undefined) return;
    const typingMs = step.params.timeout_ms ?? timeouts.action + typed.text.length * timeouts.typedCharacter;
    await inBrowser(`Typing${into}`, element === undefined ? typingMs : timeout, context, async (options) => {
      if (element === undefined) {
        if (typed.isSecret) await concealFocused(await active.settled(options.signal));
        return await typeKeys(typed.text, active, options.signal);
      }
      if (typed.isSecret) await conceal(element.locator, options);
      await element.locator.fill(typed.text, options);
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
