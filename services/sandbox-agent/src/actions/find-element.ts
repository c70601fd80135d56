import { Fault } from "@clew/fault/fault";
import type { PlaybookSelector } from "@clew/playbook/playbook-schema";
import type { Redact } from "@clew/playbook/redact";
import type { Candidate } from "@clew/playbook/schema/candidate";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import type { Locator, Page } from "playwright";
import { publicAddress } from "../browser/address.ts";
import { mostReadItems, type ReadOptions, readEach } from "../observation/reader.ts";
import type { ActionContext } from "./action.ts";
import { candidatesOf, shortCandidate, triedWords } from "./describe-selector.ts";
import { explainMissing } from "./explain-missing.ts";
import { wordsOf } from "./name-elements.ts";
import { isInvalidSelector } from "./playwright-fault.ts";
import { timeouts } from "./timeouts.ts";
import { toLocator } from "./to-locator.ts";
import { within } from "./within.ts";

/** The most elements that are named where several match. */
const mostNamed = 5;

/** How often it is looked whether a page is still loading what is around an element, in milliseconds. */
const busyPollMs = 100;

/** What finding an element needs. */
export type ElementContext = Pick<ActionContext, "active" | "signal" | "redact">;

/** The one element a selector stands for. */
export interface FoundElement {
  readonly page: Page;
  readonly locator: Locator;
  /** The selectors of the frames it is in, the outermost first. */
  readonly frame: readonly string[];
  /** What a person would call it, such as `button 'Cancel order'`. */
  readonly words: string;
  /** What a person would read on it, or on the button or link it is in. */
  readonly labels: readonly string[];
}

/** Which of the elements that match a candidate count; those that show, unless said otherwise. */
export type Counted = (matches: Locator) => Locator;

const visible: Counted = (matches) => matches.filter({ visible: true });

/**
 * Finds the one visible element a step acts on.
 *
 * The primary has 800 ms to show after the page has come to rest; where it is there already, that costs one round trip. Then the first candidate that
 * shows is taken. What the page says it is loading around it has 3 s to be there. Two visible matches are SELECTOR_AMBIGUOUS, none is SELECTOR_NOT_FOUND: frames are looked into only where a candidate names them,
 * but the error says so where a match is in one.
 */
export async function findElement(selector: PlaybookSelector, context: ElementContext, counted: Counted = visible): Promise<FoundElement> {
  const { active, signal } = context;
  const startedAt = performance.now();
  const deadline = startedAt + timeouts.selectorTotal;
  for (;;) {
    const page = await active.settled(signal);
    const mayBeBusy = performance.now() > startedAt + timeouts.busy;
    const before = active.navigations;
    const hasMoved = () => active.navigations !== before && performance.now() < deadline;
    const sought = (candidate: Candidate): Sought => ({
      page,
      candidate,
      locator: counted(toLocator(page, candidate)),
      selector,
      mayBeBusy,
    });
    using moving = linkSignals(signal);
    void active.changed.then(() => moving.abort());
    const primary = await look(sought(selector.primary), context, { timeout: timeouts.selectorProbe, signal: moving.signal });
    let found = primary;
    if (found === "none" && hasMoved()) continue;
    // The primary once more: a page that has much to do answers late.
    for (const candidate of found === "none" ? candidatesOf(selector) : []) {
      found = await lookNow(sought(candidate), context);
      if (found !== "none") break;
    }
    if (found === "busy") await delay(busyPollMs, { signal });
    else if (found !== "none") return found;
    if (found === "busy" || hasMoved()) continue;
    throw await notFound(page, selector, context);
  }
}

/** A candidate, and what it stands for on a page. */
interface Sought {
  readonly page: Page;
  readonly candidate: Candidate;
  readonly locator: Locator;
  readonly selector: PlaybookSelector;
  /** Whether it is taken also while the page loads what is around it. */
  readonly mayBeBusy: boolean;
}

/**
 * Waits until the candidate shows, and answers its one match, `none` when the time is over, or `busy` where what is around it is about to be another;
 * throws where there are several.
 */
async function look(sought: Sought, context: ElementContext, options: ReadOptions): Promise<FoundElement | "none" | "busy"> {
  const { page, candidate, locator, selector, mayBeBusy } = sought;
  const { redact } = context;
  const targets = await readEach(locator, "target", options).catch((thrown: unknown) => notThere(thrown, [], sought, context));
  const [first] = targets;
  if (first === undefined) return "none";
  if (!mayBeBusy && targets.some(({ isBusy }) => isBusy)) return "busy";
  if (targets.length === 1) {
    const [name = ""] = wordsOf([{ ...first.seen, state: "" }], redact);
    return { page, locator, frame: framesOf(candidate), words: redact(selector.description) || name, labels: first.labels };
  }
  const all = wordsOf(
    targets.map(({ seen }) => seen),
    redact,
  );
  const list = all.slice(0, mostNamed).join(", ") + (all.length > mostNamed ? ", …" : "");
  const count = all.length < mostReadItems ? all.length : `at least ${mostReadItems}`;
  throw new Fault("SELECTOR_AMBIGUOUS", {
    message: `The selector '${shortCandidate(candidate, redact)}' matches ${count} visible elements on ${publicAddress(redact(page.url()))}: ${list}.`,
  });
}

function framesOf({ frame, within: outer }: Candidate): readonly string[] {
  return outer === undefined ? frame : [...frame, ...framesOf(outer)];
}

/** Looks without waiting. */
async function lookNow(sought: Sought, context: ElementContext): Promise<FoundElement | "none" | "busy"> {
  const { signal } = context;
  const counting = within(sought.locator.count(), timeouts.action, signal);
  const count = await counting.catch((thrown: unknown) => notThere(thrown, 0, sought, context));
  return count === 0 ? "none" : await look(sought, context, { timeout: timeouts.action, signal });
}

/** What is answered where a look failed since there is nothing, or since the page went away under it; all else is thrown. */
function notThere<T>(thrown: unknown, nothing: T, { candidate }: Sought, { signal, redact }: ElementContext): T {
  signal.throwIfAborted();
  if (thrown instanceof Fault) throw thrown;
  throwIfInvalid(thrown, candidate, redact);
  return nothing;
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
  if (isInvalidSelector(thrown)) throw new Fault("ACTION_FAILED", { message: says("is not valid"), cause: thrown });
  // Only a frame must be one alone before it is looked into.
  if (text.includes("strict mode violation"))
    throw new Fault("SELECTOR_AMBIGUOUS", { message: says("names a frame that is there more than once"), cause: thrown });
}
