import type { StepOf } from "@clew/playbook/playbook-schema";
import { publicAddress } from "../browser/address.ts";
import type { PrepareAction } from "./action.ts";
import { playwrightFault } from "./playwright-fault.ts";
import { timeouts } from "./timeouts.ts";

/** Opens an address and waits until its document is there. */
export const goto: PrepareAction<StepOf<"goto">> = async (step, { active, signal, redact }) => {
  const timeout = step.params.timeout_ms ?? timeouts.navigation;
  return async () => {
    const page = await active.settled(signal);
    const response = await page.goto(step.params.url, { waitUntil: "domcontentloaded", timeout, signal }).catch((thrown: unknown) => {
      signal.throwIfAborted();
      throw playwrightFault(thrown, "Opening the page", timeout, redact);
    });
    const status = response === null ? "" : ` (status ${response.status()})`;
    return { did: `Opened ${publicAddress(redact(page.url()))}${status}` };
  };
};
