import type { PlaybookSelector } from "@clew/playbook/playbook-schema";
import type { Locator, Page } from "playwright";
import { untraced } from "../browser/untraced.ts";
import type { ElementContext } from "./find-element.ts";
import { inBrowser } from "./in-browser.ts";
import { timeouts } from "./timeouts.ts";
import { toLocator } from "./to-locator.ts";

/** The elements a selector stands for. */
export interface FoundElements {
  readonly page: Page;
  readonly locator: Locator;
  readonly count: number;
}

/** Finds all visible elements of the first candidate that has any. The primary may come 800 ms after the page has come to rest; none at all is no error. */
export async function findElements(selector: PlaybookSelector, context: ElementContext): Promise<FoundElements> {
  const page = await context.active.settled(context.signal);
  const [primary, ...fallbacks] = [selector.primary, ...selector.fallbacks].map((candidate) =>
    toLocator(page, candidate).filter({ visible: true }),
  );
  if (primary === undefined) return { page, locator: page.locator("body"), count: 0 };
  const countOf = (locator: Locator) =>
    inBrowser("Looking for elements", timeouts.action, context, () => untraced(page, () => locator.count()));
  if ((await countOf(primary)) === 0) await waitToShow(primary, context);
  for (const locator of [primary, ...fallbacks]) {
    const count = await countOf(locator);
    if (count > 0) return { page, locator, count };
  }
  return { page, locator: primary, count: 0 };
}

async function waitToShow(locator: Locator, { signal }: ElementContext): Promise<void> {
  await locator
    .first()
    .waitFor({ state: "visible", timeout: timeouts.selectorProbe, signal })
    .catch(() => signal.throwIfAborted());
}
