import type { PlaybookSelector } from "@clew/playbook/playbook-schema";
import type { Candidate } from "@clew/playbook/schema/candidate";
import type { Frame, Locator, Page } from "playwright";
import { publicAddress } from "../browser/address.ts";
import { untraced } from "../browser/untraced.ts";
import { readEach } from "../observation/reader.ts";
import type { ActionContext } from "./action.ts";
import { candidatesOf } from "./describe-selector.ts";
import { framePath } from "./frame-path.ts";
import { type SeenElement, wordsOf } from "./name-elements.ts";
import { nearness } from "./nearness.ts";
import { toLocator } from "./to-locator.ts";

/** Milliseconds one look may take, and all of them: whoever waits for the explanation has failed already. */
const lookMs = 1_000;
const totalMs = 2_500;

const mostFrames = 20;
const mostNamed = 3;

/** What a person could act on. */
const actionable =
  "button, a[href], input:not([type=hidden]), select, textarea, summary, [role=button], [role=link], [role=tab], [role=menuitem], [role=checkbox], [role=switch], [role=option], [contenteditable=true]";

/**
 * Says what the page holds instead of what was looked for: matches that are hidden, matches in frames and how to name these, or what comes nearest; and
 * the page's address. Starts with a space; never rejects.
 */
export async function explainMissing(
  page: Page,
  selector: PlaybookSelector,
  { signal, looks, redact }: Pick<ActionContext, "signal" | "looks" | "redact">,
): Promise<string> {
  const deadline = performance.now() + totalMs;
  const ask = async <T>(question: () => Promise<T>, otherwise: T): Promise<T> => {
    const left = Math.min(lookMs, deadline - performance.now());
    return left <= 0 || signal.aborted ? otherwise : await looks.ask(() => untraced(page, question), signal, left).catch(() => otherwise);
  };
  const candidates = candidatesOf(selector);
  const where = `on ${publicAddress(redact(page.url()))}`;

  const inFrame = await matchInFrame(page, candidates, ask);
  if (inFrame !== undefined) return ` ${where}. A match is in a frame; name it with \`frame: ${frameValue(redact(inFrame))}\`.`;
  for (const candidate of candidates) {
    const hidden = await ask(() => see(toLocator(page, candidate), signal), []);
    if (hidden.length > 0) return ` ${where}. Found ${list(wordsOf(hidden, redact))} instead.`;
  }
  const near = nearest(await ask(() => see(page.locator(actionable), signal), []), candidates);
  return near.length === 0 ? ` ${where}.` : ` ${where}. Nearest there: ${list(wordsOf(near, redact))}.`;
}

type Ask = <T>(question: () => Promise<T>, otherwise: T) => Promise<T>;

/** The path of a frame in which a candidate that names none shows. */
async function matchInFrame(page: Page, candidates: readonly Candidate[], ask: Ask): Promise<readonly string[] | undefined> {
  const frames = page.frames().filter((frame) => frame !== page.mainFrame());
  const own = candidates.filter(({ frame: path }) => path.length === 0);
  const found: (readonly string[] | undefined)[] = [];
  const lookInto = async (frame: Frame, index: number) => {
    for (const candidate of own) {
      const count = await toLocator(frame, candidate).filter({ visible: true }).count();
      if (count > 0) found[index] = await framePath(frame);
      if (count > 0) return;
    }
  };
  // All at once, so that one that hangs keeps no other from being asked.
  await ask<unknown>(() => Promise.allSettled(frames.slice(0, mostFrames).map(lookInto)), undefined);
  return found.find((path) => path !== undefined && path.length > 0);
}

/** What a person would call each match; none where nothing matches. */
async function see(matches: Locator, signal: AbortSignal): Promise<readonly SeenElement[]> {
  if ((await matches.count()) === 0) return [];
  return await readEach(matches, "seen", { timeout: lookMs, signal });
}

function nearest(seen: readonly SeenElement[], candidates: readonly Candidate[]): readonly SeenElement[] {
  return seen
    .filter(({ label }) => label !== "")
    .map((element) => ({ element, score: Math.max(...candidates.map((candidate) => nearness(candidate, element))) }))
    .filter(({ score }) => score > 0)
    .toSorted((one, other) => other.score - one.score)
    .slice(0, mostNamed)
    .map(({ element }) => element);
}

function frameValue(path: readonly string[]): string {
  return path.length === 1 ? (path[0] ?? "") : `[${path.map((selector) => `'${selector}'`).join(", ")}]`;
}

function list(words: readonly string[]): string {
  return words.slice(0, mostNamed).join(", ") + (words.length > mostNamed ? ", …" : "");
}
