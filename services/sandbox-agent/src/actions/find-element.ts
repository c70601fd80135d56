import { Fault } from "@clew/fault/fault";
import type { PlaybookSelector } from "@clew/playbook/playbook-schema";
import type { Redact } from "@clew/playbook/redact";
import { type Candidate, describeCandidate } from "@clew/playbook/schema/candidate";
import { linkSignals } from "@clew/streams/linked-signal";
import type { Locator, Page } from "playwright";
import type { ActionContext } from "./action.ts";
import { timeouts } from "./timeouts.ts";
import { toLocator } from "./to-locator.ts";
import { within } from "./within.ts";

/** The most characters of an element's label, and of a selector, that messages show. */
const labelChars = 40;
const selectorChars = 80;

/** What finding an element needs. */
type ElementContext = Pick<ActionContext, "active" | "signal" | "redact">;

/** An element as the page has it, secrets and all. */
interface SeenElement {
  readonly role: string;
  readonly label: string;
}

/** The one element a selector stands for. */
export interface FoundElement {
  readonly page: Page;
  readonly locator: Locator;
  /** What a person would call it, such as `button 'Cancel order'`. */
  readonly words: string;
}

/**
 * Finds the one visible element a step acts on.
 *
 * The primary is looked at first, which costs one round trip. If it does not show it is waited for, 800 ms after the page has come to rest; then
 * the first fallback that shows is taken. Two visible matches are SELECTOR_AMBIGUOUS, none is SELECTOR_NOT_FOUND.
 */
export async function findElement(selector: PlaybookSelector, context: ElementContext): Promise<FoundElement> {
  const { active, signal } = context;
  const deadline = performance.now() + timeouts.selectorTotal;
  for (;;) {
    const page = await active.settled(signal);
    const before = active.navigations;
    const hasMoved = () => active.navigations !== before && performance.now() < deadline;
    const primary = await look(page, selector.primary, selector, context);
    if (primary !== "none") return primary;
    const waited = await waitToShow(page, selector.primary, context);
    if (waited === "shown" || hasMoved()) continue;
    for (const fallback of selector.fallbacks) {
      const found = await look(page, fallback, selector, context);
      if (found !== "none") return found;
    }
    if (!hasMoved()) throw notFound(selector, context.redact);
  }
}

/** Looks once: the one visible match, or `none`; throws where there are several. */
async function look(
  page: Page,
  candidate: Candidate,
  selector: PlaybookSelector,
  { signal, redact }: ElementContext,
): Promise<FoundElement | "none"> {
  const locator = toLocator(page, candidate).filter({ visible: true });
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
  if (count === 1 && selector.description !== "") return { page, locator, words: selector.description };
  // Only now, since it costs a page that has just come several milliseconds.
  const seen = await within(locator.evaluateAll(nameElements), timeouts.action, signal).catch(onFailure<SeenElement[]>([]));
  const names = redact(seen).map(({ role, label }) => (label === "" ? role : `${role} '${cut(label, labelChars)}'`));
  const [words] = names;
  if (words === undefined) return "none";
  if (names.length === 1) return { page, locator, words };
  const list = names.slice(0, 5).join(", ");
  throw new Fault("SELECTOR_AMBIGUOUS", {
    message: `The selector '${short(candidate, redact)}' matches ${count} visible elements: ${list}${count > 5 ? ", …" : ""}.`,
  });
}

/** Waits until the primary shows, its time is over, or the page moves. */
async function waitToShow(page: Page, primary: Candidate, { active, signal, redact }: ElementContext): Promise<"shown" | "over"> {
  using link = linkSignals(signal);
  void active.changed.then(() => link.abort());
  const locator = toLocator(page, primary).filter({ visible: true }).first();
  try {
    await locator.waitFor({ state: "visible", timeout: timeouts.selectorProbe, signal: link.signal });
    return "shown";
  } catch (thrown) {
    signal.throwIfAborted();
    throwIfInvalid(thrown, primary, redact);
    return "over";
  }
}

function notFound(selector: PlaybookSelector, redact: Redact): Fault {
  const tried = [selector.primary, ...selector.fallbacks].map((candidate) => `'${short(candidate, redact)}'`).join(", ");
  const what = selector.description === "" ? "" : ` (${selector.description})`;
  return new Fault("SELECTOR_NOT_FOUND", { message: `No selector matched a visible element: tried ${tried}${what}.` });
}

function throwIfInvalid(thrown: unknown, candidate: Candidate, redact: Redact): void {
  const text = thrown instanceof Error ? thrown.message : "";
  if (/while parsing|Unknown engine|InvalidSelectorError|Malformed selector|not a valid selector|not a valid XPath/.test(text)) {
    throw new Fault("ACTION_FAILED", { message: `The selector '${short(candidate, redact)}' is not valid.`, cause: thrown });
  }
}

/** A candidate as messages show it. */
function short(candidate: Candidate, redact: Redact): string {
  return cut(redact(describeCandidate(candidate)), selectorChars);
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/**
 * Runs in the page: what a person would call each element. Never what a field holds, and no text but that of what is there to be clicked. Nothing is
 * cut, since half a secret would not be found; a text of more than 1,000 characters is no label.
 */
function nameElements(elements: (HTMLElement | SVGElement)[]): SeenElement[] {
  const roles: Record<string, string> = { a: "link", textarea: "field", select: "list", img: "picture", summary: "button" };
  const named = ["button", "link", "tab", "menuitem", "option", "checkbox", "radio", "switch"];
  return elements.slice(0, 20).map((element) => {
    const tag = element.tagName.toLowerCase();
    const isField = tag === "input" && !["submit", "button", "reset"].includes(element.getAttribute("type") ?? "");
    const role = element.getAttribute("role") ?? (tag === "input" ? (isField ? "field" : "button") : (roles[tag] ?? tag));
    const own = ["aria-label", "placeholder", "title", "alt", "name", "id"]
      .map((name) => element.getAttribute(name))
      .find((value) => value);
    const text = (named.includes(role) ? (element.getAttribute("aria-label") ?? element.textContent) : own) ?? "";
    const label = text.replace(/\s+/g, " ").trim();
    return { role, label: label.length > 1_000 ? "" : label };
  });
}
