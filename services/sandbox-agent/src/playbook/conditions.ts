import { Fault } from "@clew/fault/fault";
import { type Candidate, describeCandidate } from "@clew/playbook/schema/candidate";
import { delay } from "@clew/streams/delay";
import type { Page } from "playwright";
import { isInvalidSelector } from "../actions/playwright-fault.ts";
import { toLocator } from "../actions/to-locator.ts";
import { within } from "../actions/within.ts";
import type { ActivePage } from "../browser/active-page.ts";
import { publicAddress } from "../browser/address.ts";
import { untraced } from "../browser/untraced.ts";

/** What must hold, all that is given of it at once: of the page, or of a value. */
export interface Condition {
  readonly url_contains?: string | undefined;
  readonly element_visible?: Candidate | undefined;
  readonly element_gone?: Candidate | undefined;
  readonly text_on_page?: string | undefined;
  readonly value?: string | undefined;
  readonly equals?: string | undefined;
  readonly not_equals?: string | undefined;
  readonly contains?: string | undefined;
}

const pollMs = 50;

/** Milliseconds one look at the page may take. */
const lookMs = 1_000;

/**
 * Looks at the page until the condition holds, at least once, for `timeoutMs` milliseconds. Answers what did not hold at the last look, in words that are
 * not masked; nothing when all of it did.
 *
 * @throws Fault ACTION_FAILED for a selector that is none, ACTION_TIMED_OUT where the page did not let itself be looked at.
 */
export async function waitUntilMet(
  condition: Condition,
  timeoutMs: number,
  active: ActivePage,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const deadline = performance.now() + timeoutMs;
  // A page that is on its way says nothing about where it leads.
  await active.settled(signal);
  for (;;) {
    const isLast = performance.now() >= deadline;
    const unmet = await findUnmet(condition, active, signal).catch((thrown: unknown) => {
      // That nobody could look says nothing about what there is: only the last look may fail for it.
      if (isLast || Fault.from(thrown).reason !== "ACTION_TIMED_OUT") throw thrown;
      return undefined;
    });
    if (unmet !== undefined && (unmet.length === 0 || isLast)) return unmet;
    await delay(pollMs, { signal });
  }
}

/** Looks once, and answers what does not hold, as `waitUntilMet` does. A page that is just going away has nothing. */
export async function findUnmet(condition: Condition, active: ActivePage, signal: AbortSignal): Promise<readonly string[]> {
  const { url_contains: url, element_visible: shown, element_gone: gone, text_on_page: text } = condition;
  const unmet = [...unmetOfValue(condition)];
  if (url !== undefined && !active.url.includes(url)) unmet.push(`the address ${publicAddress(active.url)} does not contain '${url}'`);
  if (shown !== undefined && !(await count(active.page, shown, signal))) unmet.push(`'${describeCandidate(shown)}' is not visible`);
  if (gone !== undefined && (await count(active.page, gone, signal)) !== 0) unmet.push(`'${describeCandidate(gone)}' is still visible`);
  if (text !== undefined && !(await showsText(active.page, text, signal))) unmet.push(`the text '${text}' is not on the page`);
  signal.throwIfAborted();
  return unmet;
}

function* unmetOfValue({ value, equals, not_equals: other, contains }: Condition): Generator<string> {
  if (value === undefined) return;
  if (equals !== undefined && value !== equals) yield `the value '${value}' is not '${equals}'`;
  if (other !== undefined && value === other) yield `the value is '${value}'`;
  if (contains !== undefined && !value.includes(contains)) yield `the value '${value}' does not contain '${contains}'`;
}

async function count(page: Page, candidate: Candidate, signal: AbortSignal): Promise<number | undefined> {
  const matches = toLocator(page, candidate).filter({ visible: true });
  const counting = within(
    untraced(page, () => matches.count()),
    lookMs,
    signal,
  );
  return await counting.catch((thrown: unknown) => {
    if (thrown instanceof Fault) throw thrown;
    if (isInvalidSelector(thrown))
      throw new Fault("ACTION_FAILED", {
        message: `The selector '${describeCandidate(candidate)}' of the condition is not valid.`,
        cause: thrown,
      });
    return undefined;
  });
}

async function showsText(page: Page, text: string, signal: AbortSignal): Promise<boolean> {
  const squeeze = (words: string) => words.replace(/\s+/g, " ");
  const shown = await untraced(page, () => page.locator("body").innerText({ timeout: lookMs, signal })).catch(() => "");
  return squeeze(shown).includes(squeeze(text));
}
