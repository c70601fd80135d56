import type { StepOf } from "@clew/playbook/playbook-schema";
import { publicAddress } from "../browser/address.ts";
import type { PrepareAction } from "./action.ts";
import { inBrowser } from "./in-browser.ts";
import { navigate } from "./navigate.ts";
import { timeouts } from "./timeouts.ts";

/** Loads the page again. */
export const reload: PrepareAction<StepOf<"reload">> = async (step, context) => {
  const { active, signal, redact } = context;
  return async () => {
    const page = await active.settled(signal);
    const response = await inBrowser("Loading the page again", step.params.timeout_ms ?? timeouts.navigation, context, (options) =>
      navigate(page, options, () => page.reload({ waitUntil: "domcontentloaded", ...options })),
    );
    const status = response === null ? "" : ` (status ${response.status()})`;
    return { did: `Loaded ${publicAddress(redact(page.url()))} again${status}` };
  };
};
