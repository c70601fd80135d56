import type { Fault } from "@clew/fault/fault";
import type { Reason } from "@clew/fault/reasons";
import { readOne } from "../observation/reader.ts";
import type { StepContext } from "../playbook/step-context.ts";
import type { Captcha } from "./look-for-captcha.ts";

/** What a challenge that a script put before the page looks like to whoever acts on it. */
const likely: ReadonlySet<string> = new Set<Reason>(["SELECTOR_NOT_FOUND", "ACTION_TIMED_OUT", "ACTION_FAILED", "VERIFICATION_FAILED"]);

/** Looks, after something failed, whether a challenge came up without a navigation and stands in the way; answers it. Rejects with the signal's reason only. */
export async function challengeBehind(
  { reason }: Fault,
  { active, signal, looks }: Pick<StepContext, "active" | "signal" | "looks">,
): Promise<Captcha | undefined> {
  if (!likely.has(reason) || !active.isOpen) return undefined;
  const looking = looks.ask(async (options) => readOne((await active.settled(options.signal)).locator(":root"), "page", options), signal);
  const look = await looking.catch(() => {
    signal.throwIfAborted();
    return undefined;
  });
  const captcha = look?.captcha;
  return typeof captcha === "object" && captcha.isBlocking ? captcha : undefined;
}
