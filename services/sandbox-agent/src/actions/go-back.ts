import { Fault } from "@clew/fault/fault";
import type { StepOf } from "@clew/playbook/playbook-schema";
import { publicAddress } from "../browser/address.ts";
import type { PrepareAction } from "./action.ts";
import { inBrowser } from "./in-browser.ts";
import { navigate } from "./navigate.ts";
import { timeouts } from "./timeouts.ts";

/** Goes back to the page before, as the browser's button does. */
export const goBack: PrepareAction<StepOf<"go_back">> = async (step, context) => {
  const { active, signal, redact } = context;
  return async () => {
    const page = await active.settled(signal);
    const before = page.url();
    const response = await inBrowser("Going back", step.params.timeout_ms ?? timeouts.navigation, context, (options) =>
      navigate(page, options, () => page.goBack({ waitUntil: "domcontentloaded", ...options })),
    );
    const address = publicAddress(redact(page.url()));
    if (response === null && page.url() === before)
      throw new Fault("ACTION_FAILED", { message: `There is no page to go back to from ${address}.` });
    return { did: `Went back to ${address}` };
  };
};
