import { Fault } from "@clew/fault/fault";
import { type Locator, selectors } from "playwright";
import { nameElements } from "../actions/name-elements.ts";
import { untraced } from "../browser/untraced.ts";
import { lookForCaptcha } from "../captcha/look-for-captcha.ts";
import { holdsText } from "./holds-text.ts";
import { createInPageReader, type InPageFacts, type InPageReads, inPageQuery } from "./in-page.ts";

/** The most characters that are taken of a page at once. */
export const mostReadChars = 5 * 1024 * 1024;
/** The most elements, rows of a table and cells of a row that are taken at once. */
export const mostReadItems = 1_000;

const engine = "clew-read";

let registration: Promise<void> | undefined;

/** Makes pages readable from a world of their own; to be called before a browser's first page opens, as often as one likes. */
export function registerReader(): Promise<void> {
  // Playwright keeps its engines for the whole process, and refuses to hear of one twice.
  registration ??= register();
  return registration;
}

async function register(): Promise<void> {
  const limits = JSON.stringify({ mostChars: mostReadChars, mostItems: mostReadItems });
  const source = `(${createInPageReader})(${nameElements}, ${lookForCaptcha}, ${limits})`;
  await selectors.register(engine, source, { contentScript: true });
  await selectors.register(holdsText.engine, holdsText.source, { contentScript: true });
}

/** How long a reading may take, in milliseconds, what ends it, and whether a trace shows it as an action. */
export interface ReadOptions {
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** It does not unless this says so. */
  readonly isTraced?: boolean;
}

/** What several readings answer of one element, in their order. */
export type Readings<R extends readonly (keyof InPageReads)[]> = { readonly [I in keyof R]: InPageReads[R[I]] };

/** Reads the one element a locator stands for. Rejects with SELECTOR_AMBIGUOUS where there are several by now. */
export async function readOne<R extends keyof InPageReads>(locator: Locator, read: R, options: ReadOptions): Promise<InPageReads[R]> {
  const [first, second] = await readEach(locator, read, options);
  if (first === undefined || second !== undefined) throw new Fault("SELECTOR_AMBIGUOUS");
  return first;
}

/** Reads every element a locator stands for, 1,000 at most, in the page's order. Waits where there is none. */
export async function readEach<R extends keyof InPageReads>(locator: Locator, read: R, options: ReadOptions): Promise<InPageReads[R][]> {
  return (await readAll(locator, [read], [], options)).items.map(([item]) => item);
}

/** Reads several things of every element in one look, as `readEach` does, and with them what is asked of the document that they are in. */
export async function readAll<const R extends readonly (keyof InPageReads)[], F extends keyof InPageFacts>(
  locator: Locator,
  reads: R,
  facts: readonly F[],
  { isTraced = false, ...options }: ReadOptions,
): Promise<{ readonly items: Readings<R>[]; readonly facts: Pick<InPageFacts, F> }> {
  const look = () => locator.locator(`${engine}=${inPageQuery(reads, facts)}`).textContent(options);
  const answer = await (isTraced ? look() : untraced(locator.page(), look));
  const [first = "{}", ...lines] = (answer ?? "").split("\n").filter((line) => line !== "");
  return { items: lines.map((line): Readings<R> => JSON.parse(line)), facts: JSON.parse(first) };
}
