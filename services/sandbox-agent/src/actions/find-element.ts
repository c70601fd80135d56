import { Fault } from "@clew/fault/fault";
import type { PlaybookSelector } from "@clew/playbook/playbook-schema";
import type { Redact } from "@clew/playbook/redact";
import type { Candidate } from "@clew/playbook/schema/candidate";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import type { Locator, Page } from "playwright";
import { publicAddress } from "../browser/address.ts";
import { untraced } from "../browser/untraced.ts";
import type { InPageFacts, InPageReads } from "../observation/in-page.ts";
import { mostReadItems, type ReadOptions, readAll } from "../observation/reader.ts";
import type { ActionContext } from "./action.ts";
import { candidatesOf, shortCandidate, triedWords } from "./describe-selector.ts";
import { explainMissing } from "./explain-missing.ts";
import { wordsOf } from "./name-elements.ts";
import { isInvalidSelector } from "./playwright-fault.ts";
import { timeouts } from "./timeouts.ts";
import { toLocator } from "./to-locator.ts";

/** The most elements that are named where several match. */
const mostNamed = 5;

/** How often it is looked whether a page is still loading what is around an element, in milliseconds. */
const busyPollMs = 100;

/** What finding an element needs. */
export type ElementContext = Pick<ActionContext, "active" | "signal" | "redact" | "looks" | "meetChallenge">;

/** The one element a selector stands for. */
export interface FoundElement<R extends keyof InPageReads = never> {
  readonly page: Page;
  readonly locator: Locator;
  /** The selectors of the frames it is in, the outermost first. */
  readonly frame: readonly string[];
  /** What a person would call it, such as `button 'Cancel order'`. */
  readonly words: string;
  /** What a person would read on it, or on the button or link it is in. */
  readonly labels: readonly string[];
  /** What was to be read of it too, where the look that found it could: the primary's does. */
  readonly own?: { readonly read: InPageReads[R]; readonly passwords: InPageFacts["passwords"] };
}

/** How an element is looked for. */
export interface FindOptions<R extends keyof InPageReads = never> {
  readonly counted?: Counted;
  /** What is to be read of it in the same look, with what its document's password fields hold. */
  readonly also?: R;
  /** Whether a trace shows the look as an action. */
  readonly isTraced?: boolean;
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
export async function findElement<R extends keyof InPageReads = never>(
  selector: PlaybookSelector,
  context: ElementContext,
  { counted = visible, also, isTraced = false }: FindOptions<R> = {},
): Promise<FoundElement<R>> {
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
    const probe = { timeout: timeouts.selectorProbe, signal: moving.signal, isTraced };
    let found = await look(sought(selector.primary), context, probe, also);
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
async function look<R extends keyof InPageReads = never>(
  sought: Sought,
  context: ElementContext,
  options: ReadOptions,
  also?: R,
): Promise<FoundElement<R> | "none" | "busy"> {
  const { page, candidate, locator, selector, mayBeBusy } = sought;
  const { redact } = context;
  const looking = readTargets(locator, options, also).catch((thrown: unknown) => notThere(thrown, undefined, sought, context));
  const { targets = [], captcha = "none", own } = (await looking) ?? {};
  if (typeof captcha === "object" && captcha.isBlocking) context.meetChallenge?.(captcha);
  const [first] = targets;
  if (first === undefined) return "none";
  if (!mayBeBusy && targets.some(({ isBusy }) => isBusy)) return "busy";
  if (targets.length === 1) {
    const [name = ""] = wordsOf([{ ...first.seen, state: "" }], redact);
    return {
      page,
      locator,
      frame: framesOf(candidate),
      words: redact(selector.description) || name,
      labels: first.labels,
      ...(own !== undefined && { own }),
    };
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

/** What a look tells of all that matches, and of the document; what was to be read too is that of the first. */
interface SeenTargets<R extends keyof InPageReads> extends Pick<FoundElement<R>, "own"> {
  readonly targets: readonly InPageReads["target"][];
  readonly captcha: InPageFacts["captcha"];
}

async function readTargets<R extends keyof InPageReads>(locator: Locator, options: ReadOptions, also?: R): Promise<SeenTargets<R>> {
  if (also === undefined) {
    const { items, facts } = await readAll(locator, ["target"], ["captcha"], options);
    return { targets: items.map(([target]) => target), captcha: facts.captcha };
  }
  const { items, facts } = await readAll(locator, ["target", also], ["captcha", "passwords"], options);
  const [first] = items;
  return {
    targets: items.map(([target]) => target),
    captcha: facts.captcha,
    ...(first !== undefined && { own: { read: first[1], passwords: facts.passwords } }),
  };
}

function framesOf({ frame, within: outer }: Candidate): readonly string[] {
  return outer === undefined ? frame : [...frame, ...framesOf(outer)];
}

/** Looks without waiting. */
async function lookNow(sought: Sought, context: ElementContext): Promise<FoundElement | "none" | "busy"> {
  const { signal, looks } = context;
  const counting = looks.ask(() => untraced(sought.page, () => sought.locator.count()), signal, timeouts.action);
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
