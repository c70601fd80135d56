import { Fault } from "@clew/fault/fault";
import { type Locator, selectors } from "playwright";
import { nameElements } from "../actions/name-elements.ts";
import { lookForCaptcha } from "../captcha/look-for-captcha.ts";
import { createInPageReader, type InPageQuery, type InPageReads } from "./in-page.ts";

/** The most characters that are taken of a page at once. */
export const mostReadChars = 5 * 1024 * 1024;
/** The most elements, rows of a table and cells of a row that are taken at once. */
export const mostReadItems = 1_000;

const engine = "clew-read";

let registration: Promise<void> | undefined;

/** Makes pages readable from a world of their own; to be called before a browser's first page opens, as often as one likes. */
export function registerReader(): Promise<void> {
  // Playwright keeps its engines for the whole process, and refuses to hear of one twice.
  registration ??= selectors.register(engine, `(${createInPageReader})(${nameElements}, ${lookForCaptcha})`, { contentScript: true });
  return registration;
}

/** How long a reading may take, in milliseconds, and what ends it. */
export interface ReadOptions {
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** Reads the one element a locator stands for. Rejects with SELECTOR_AMBIGUOUS where there are several by now. */
export async function readOne<R extends keyof InPageReads>(locator: Locator, read: R, options: ReadOptions): Promise<InPageReads[R]> {
  const [first, second] = await readEach(locator, read, options);
  if (first === undefined || second !== undefined) throw new Fault("SELECTOR_AMBIGUOUS");
  return first;
}

/** Reads every element a locator stands for, 1,000 at most, in the page's order. Waits where there is none. */
export async function readEach<R extends keyof InPageReads>(locator: Locator, read: R, options: ReadOptions): Promise<InPageReads[R][]> {
  return (await ask(locator, read, false, options)).map((line): InPageReads[R] => JSON.parse(line));
}

/** Reads as `readEach` does, and in the same look what the password fields of the document hold. */
export async function readWithPasswords<R extends keyof InPageReads>(
  locator: Locator,
  read: R,
  options: ReadOptions,
): Promise<{ readonly items: InPageReads[R][]; readonly passwords: InPageReads["passwords"] }> {
  const [passwords = "[]", ...lines] = await ask(locator, read, true, options);
  return { items: lines.map((line): InPageReads[R] => JSON.parse(line)), passwords: JSON.parse(passwords) };
}

async function ask(locator: Locator, read: keyof InPageReads, withPasswords: boolean, options: ReadOptions): Promise<readonly string[]> {
  const query: InPageQuery = { read, withPasswords, mostChars: mostReadChars, mostItems: mostReadItems };
  const lines = await locator.locator(`${engine}=${JSON.stringify(query)}`).textContent(options);
  return (lines ?? "").split("\n").filter((line) => line !== "");
}
