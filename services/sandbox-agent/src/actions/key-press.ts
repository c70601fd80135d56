import { Fault } from "@clew/fault/fault";
import type { StepOf } from "@clew/playbook/playbook-schema";
import { abortable } from "@clew/streams/abortable";
import type { PrepareAction } from "./action.ts";
import { findElement } from "./find-element.ts";
import { playwrightFault } from "./playwright-fault.ts";
import { timeouts } from "./timeouts.ts";

/** Enters a text or a credential, then presses a key: in an element where the step names one, otherwise where the focus is. */
export const keyPress: PrepareAction<StepOf<"key_press">> = async (step, context) => {
  const { active, signal, credentials, redact } = context;
  const { key, credential_ref: reference, timeout_ms: timeout = timeouts.action } = step.params;
  const text = reference === undefined ? step.params.text : credentials[reference];
  if (reference !== undefined && text === undefined) {
    throw new Fault("AUTHENTICATION_FAILED", { message: `The run was given no credential '${reference}'.` });
  }
  const element = step.selector === undefined ? undefined : await findElement(step.selector, context);
  return async () => {
    const page = element?.page ?? (await active.settled(signal));
    try {
      if (text !== undefined && element !== undefined) await element.locator.fill(text, { timeout, signal });
      else if (text !== undefined) await abortable(page.keyboard.type(text), signal);
      if (key !== undefined && element !== undefined) await element.locator.press(key, { timeout, signal });
      else if (key !== undefined) await abortable(page.keyboard.press(key), signal);
    } catch (thrown) {
      signal.throwIfAborted();
      throw playwrightFault(thrown, "Typing", timeout, redact);
    }
    const into = element === undefined ? "" : ` into ${element.words}`;
    const typed = reference === undefined ? "text" : `credential '${reference}'`;
    if (text === undefined) return { did: `Pressed ${key}${element === undefined ? "" : ` in ${element.words}`}` };
    return { did: key === undefined ? `Typed ${typed}${into}` : `Typed ${typed}${into} and pressed ${key}` };
  };
};
