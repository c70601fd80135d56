import { Fault } from "@clew/fault/fault";
import type { PlaybookVerification } from "@clew/playbook/playbook-schema";
import { linkSignals } from "@clew/streams/linked-signal";
import { waitUntilMet } from "./conditions.ts";
import type { StepContext } from "./step-context.ts";

/**
 * Looks at the page until all that is expected holds at once. Rejects with VERIFICATION_FAILED, naming what did not, when the time is over, and at once when
 * the run is stopped.
 */
export async function verify(expected: PlaybookVerification, { active, signal, stopping }: StepContext): Promise<void> {
  using link = linkSignals(signal, stopping);
  const condition = {
    url_contains: expected.expect_url_contains,
    element_visible: expected.expect_element_visible,
    element_gone: expected.expect_element_gone,
    text_on_page: expected.expect_text_on_page,
  };
  const unmet = await waitUntilMet(condition, expected.timeout_ms, active, link.signal);
  if (unmet.length === 0) return;
  throw new Fault("VERIFICATION_FAILED", {
    message: `Verification failed within ${expected.timeout_ms / 1_000} s: ${unmet.join("; ")}.`,
  });
}
