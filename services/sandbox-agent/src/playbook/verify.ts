import { Fault } from "@clew/fault/fault";
import type { PlaybookVerification } from "@clew/playbook/playbook-schema";
import { type Candidate, describeCandidate } from "@clew/playbook/schema/candidate";
import { delay } from "@clew/streams/delay";
import type { Page } from "playwright";
import { toLocator } from "../actions/to-locator.ts";
import { within } from "../actions/within.ts";
import type { ActivePage } from "../browser/active-page.ts";

const pollMs = 50;

/** Milliseconds one look at the page's text may take. */
const lookMs = 1_000;

/** Looks at the page until all that is expected holds at once. Rejects with VERIFICATION_FAILED, naming what did not, when the time is over. */
export async function verify(active: ActivePage, expected: PlaybookVerification, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + expected.timeout_ms;
  for (;;) {
    const missing = await lacks(active.page, expected, signal);
    if (missing.length === 0) return;
    if (performance.now() >= deadline) {
      throw new Fault("VERIFICATION_FAILED", {
        message: `Verification failed within ${expected.timeout_ms / 1_000} s: ${missing.join("; ")}.`,
      });
    }
    await delay(pollMs, { signal });
  }
}

/** Names what does not hold now. A page that is just going away has nothing. */
async function lacks(page: Page, expected: PlaybookVerification, signal: AbortSignal): Promise<readonly string[]> {
  const { expect_url_contains: url, expect_element_visible: shown, expect_element_gone: gone, expect_text_on_page: text } = expected;
  const missing: string[] = [];
  if (url !== undefined && !page.url().includes(url)) missing.push("the address is another");
  if (shown !== undefined && !(await count(page, shown, signal))) missing.push(`'${describeCandidate(shown)}' is not visible`);
  if (gone !== undefined && (await count(page, gone, signal)) !== 0) missing.push(`'${describeCandidate(gone)}' is still visible`);
  if (text !== undefined && !(await showsText(page, text, signal))) missing.push("the text is not on the page");
  signal.throwIfAborted();
  return missing;
}

async function count(page: Page, candidate: Candidate, signal: AbortSignal): Promise<number | undefined> {
  return await within(toLocator(page, candidate).filter({ visible: true }).count(), lookMs, signal).catch(() => undefined);
}

async function showsText(page: Page, text: string, signal: AbortSignal): Promise<boolean> {
  const squeeze = (words: string) => words.replace(/\s+/g, " ");
  const shown = await page
    .locator("body")
    .innerText({ timeout: lookMs, signal })
    .catch(() => "");
  return squeeze(shown).includes(squeeze(text));
}
