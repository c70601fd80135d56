import { Fault } from "@clew/fault/fault";
import type { PlaybookVerification } from "@clew/playbook/playbook-schema";
import type { ActivePage } from "../browser/active-page.ts";
import { waitUntilMet } from "./conditions.ts";

/** Looks at the page until all that is expected holds at once. Rejects with VERIFICATION_FAILED, naming what did not, when the time is over. */
export async function verify(active: ActivePage, expected: PlaybookVerification, signal: AbortSignal): Promise<void> {
  const condition = {
    url_contains: expected.expect_url_contains,
    element_visible: expected.expect_element_visible,
    element_gone: expected.expect_element_gone,
    text_on_page: expected.expect_text_on_page,
  };
  const unmet = await waitUntilMet(condition, expected.timeout_ms, active, signal);
  if (unmet.length === 0) return;
  throw new Fault("VERIFICATION_FAILED", {
    message: `Verification failed within ${expected.timeout_ms / 1_000} s: ${unmet.join("; ")}.`,
  });
}
