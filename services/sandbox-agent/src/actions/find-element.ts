import { Fault } from "@clew/fault/fault";
import type { PlaybookSelector } from "@clew/playbook/playbook-schema";
import type { Redact } from "@clew/playbook/redact";
import type { Candidate } from "@clew/playbook/schema/candidate";
import { linkSignals } from "@clew/streams/linked-signal";
import type { Locator, Page } from "playwright";
import { publicAddress } from "../browser/address.ts";
import { readEach } from "../observation/reader.ts";
import type { ActionContext } from "./action.ts";
import { shortCandidate, triedWords } from "./describe-selector.ts";
import { explainMissing } from "./explain-missing.ts";
import { type SeenElement, wordsOf } from "./name-elements.ts";
import { timeouts } from "./timeouts.ts";
import { toLocator } from "./to-locator.ts";
import { within } from "./within.ts";

/** The most elements that are named where several match. */
const mostNamed = 5;

/** What finding an element needs. */
export type ElementContext = Pick<ActionContext, "active" | "signal" | "redact">;

/** The one element a selector stands for. */
export interface FoundElement {
  readonly page: Page;
  readonly locator: Locator;
  /** What a person would call it, such as `button 'Cancel order'`. */
  readonly words: string;
}

/** Which of the elements that match a candidate count; those that show, unless said otherwise. */
export type Counted = (matches: Locator) => Locator;

const visible: Counted = (matches) => matches.filter({ visible: true });

/**
 * Finds the one visible element a step acts on.
 *
 * The primary is looked at first, which costs one round trip. If it does not show it is waited for, 800 ms after the page has come to rest; then
 * the first fallback that shows is taken. Two visible matches are SELECTOR_AMBIGUOUS, none is SELECTOR_NOT_FOUND: frames are looked into only where
 * a candidate names them, but the error says so where a match is in one.
 */
export async function findElement(selector: PlaybookSelector, context: ElementContext, counted: Counted = visible): Promise<FoundElement> {
  const { active, signal } = context;
  const deadline = performance.now() + timeouts.selectorTotal;
  for (;;) {
    const page = await active.settled(signal);
    const before = active.navigations;
    const hasMoved = () => active.navigations !== before && performance.now() < deadline;
    const lookFor = (candidate: Candidate) => look(counted(toLocator(page, candidate)), { page, candidate, selector }, context);
    const primary = await lookFor(selector.primary);
    if (primary !== "none") return primary;
    const waited = await waitToShow(counted(toLocator(page, selector.primary)), selector.primary, context);
    if (waited === "shown" || hasMoved()) continue;
    for (const fallback of selector.fallbacks) {
      const found = await lookFor(fallback);
      if (found !== "none") return found;
    }
    if (hasMoved()) continue;
    throw await notFound(page, selector, context);
  }
}

/** Looks once: the one match, or `none`; throws where there are several. */
async function look(
  locator: Locator,
  { page, candidate, selector }: { readonly page: Page; readonly candidate: Candidate; readonly selector: PlaybookSelector },
  { signal, redact }: ElementContext,
): Promise<FoundElement | "none"> {
  const where = `on ${publicAddress(redact(page.url()))}`;
  const onFailure =
    <T>(instead: T) =>
    (thrown: unknown): T => {
      signal.throwIfAborted();
      if (thrown instanceof Fault) throw thrown;
      throwIfInvalid(thrown, candidate, redact);
      // The page went away under the look; the caller sees that it moved.
      return instead;
    };
  const count = await within(locator.count(), timeouts.action, signal).catch(onFailure(0));
  if (count === 0) return "none";
  // Counting takes the first of several frames; this does not.
  if (isFramed(candidate))
    await locator
      .first()
      .evaluate(() => {}, undefined, { timeout: timeouts.selectorProbe, signal })
      .catch(onFailure(undefined));
  if (count === 1 && selector.description !== "") return { page, locator, words: redact(selector.description) };
  // Only now, since it costs a page that has just come several milliseconds.
  const asked = readEach(locator, "seen", { timeout: timeouts.selectorProbe, signal });
  const seen = (await asked.catch(onFailure<(SeenElement | null)[]>([]))).filter((element) => element !== null);
  const names = wordsOf(seen, redact);
  const [words] = wordsOf(
    seen.slice(0, 1).map((element) => ({ ...element, state: "" })),
    redact,
  );
  if (words === undefined) return "none";
  if (names.length === 1) return { page, locator, words };
  const list = names.slice(0, mostNamed).join(", ");
  throw new Fault("SELECTOR_AMBIGUOUS", {
    message: `The selector '${shortCandidate(candidate, redact)}' matches ${count} visible elements ${where}: ${list}${count > mostNamed ? ", …" : ""}.`,
  });
}

function isFramed({ frame, within: scope }: Candidate): boolean {
  return frame.length > 0 || (scope !== undefined && isFramed(scope));
}

/** Waits until the primary is there, its time is over, or the page moves. */
async function waitToShow(counted: Locator, primary: Candidate, { active, signal, redact }: ElementContext): Promise<"shown" | "over"> {
  using link = linkSignals(signal);
  void active.changed.then(() => link.abort());
  try {
    await counted.first().waitFor({ state: "attached", timeout: timeouts.selectorProbe, signal: link.signal });
    return "shown";
  } catch (thrown) {
    signal.throwIfAborted();
    throwIfInvalid(thrown, primary, redact);
    return "over";
  }
}

async function notFound(page: Page, selector: PlaybookSelector, context: ElementContext): Promise<Fault> {
  const instead = await explainMissing(page, selector, context);
  context.signal.throwIfAborted();
  return new Fault("SELECTOR_NOT_FOUND", {
    message: `No selector matched a visible element: ${triedWords(selector, context.redact)}${instead}`,
  });
}

function throwIfInvalid(thrown: unknown, candidate: Candidate, redact: Redact): void {
  const text = thrown instanceof Error ? thrown.message : "";
  const says = (message: string) => `The selector '${shortCandidate(candidate, redact)}' ${message}.`;
  if (/while parsing|Unknown engine|InvalidSelectorError|Malformed selector|not a valid selector|not a valid XPath/.test(text))
    throw new Fault("ACTION_FAILED", { message: says("is not valid"), cause: thrown });
  // Only a frame must be one alone before it is looked into.
  if (text.includes("strict mode violation"))
    throw new Fault("SELECTOR_AMBIGUOUS", { message: says("names a frame that is there more than once"), cause: thrown });
}
