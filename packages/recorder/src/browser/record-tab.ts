import { setTimeout as delay } from "node:timers/promises";
import type { CDPSession, Page } from "playwright";
import type { Interaction } from "../interaction.ts";
import { explainNavigation, historyAt, type TabHistory } from "./explain-navigation.ts";

/** How long a page may take to have a heading, in milliseconds. */
const headingMs = 3_000;
/** How often the history is read until it has an address, and the milliseconds in between. */
const mostReads = 20;
const readAgainMs = 50;

/** What recording a tab needs. */
export interface TabRecording {
  add(entry: Interaction | Promise<Interaction | undefined>): void;
  /** Whether it is the tab that is used just now. */
  isCurrent(): boolean;
  /** How long ago something was done in the tab's page, in milliseconds. */
  sinceLastMs(): number;
}

/** Records what becomes of a tab: navigations, answers to dialogs, downloads. */
export function recordTab(page: Page, { add, isCurrent, sinceLastMs }: TabRecording): void {
  let history: Promise<TabHistory | undefined> = Promise.resolve(undefined);
  const session = page.context().newCDPSession(page);
  session.catch(() => {});

  const onNavigated = (url: string) => {
    if (url === "about:blank") return;
    const since = sinceLastMs();
    const before = history;
    const now = session.then((open) => readHistory(open, url)).catch(() => undefined);
    history = now.then(async (read) => read ?? (await before));
    // What a tab in the background does is its own affair.
    if (!isCurrent()) return;
    add(
      Promise.all([before, now]).then(async ([left, reached]) => {
        const move = reached && explainNavigation(left, reached, since);
        return move ?? { kind: "arrive", url, heading: await headingOf(page, url) };
      }),
    );
  };
  page.on("framenavigated", (frame) => {
    if (frame === page.mainFrame()) onNavigated(frame.url());
  });
  // A tab that a page opened is known only once it is somewhere.
  onNavigated(page.url());
  page.on("download", () => add({ kind: "download" }));
  void session
    .then(async (open) => {
      const types: string[] = [];
      open.on("Page.javascriptDialogOpening", ({ type }) => types.push(type));
      open.on("Page.javascriptDialogClosed", ({ result, userInput }) => {
        const type = types.shift();
        if (type === "alert" || type === undefined) return;
        add({ kind: "dialog", accept: result, ...(type === "prompt" && result && { text: userInput }) });
      });
      await open.send("Page.enable");
    })
    // The tab may be gone before it is known.
    .catch(() => {});
}

/** Reads the history as it was when the tab came to an address, which it may not have yet when the page says so. */
async function readHistory(session: CDPSession, url: string): Promise<TabHistory | undefined> {
  for (let tries = 0; tries < mostReads; tries++) {
    // A question that is open while a page goes is not answered.
    const read = await session.send("Page.getNavigationHistory").catch(() => undefined);
    const entries = read?.entries.map(({ id, url: at, transitionType }) => ({ id, url: at, transition: transitionType })) ?? [];
    const found = historyAt(url, { index: read?.currentIndex ?? 0, entries });
    if (found !== undefined) return found;
    await delay(readAgainMs);
  }
  return undefined;
}

/** Reads the first heading that shows; empty where there is none, or the page went on. */
async function headingOf(page: Page, url: string): Promise<string> {
  const options = { timeout: headingMs };
  try {
    await page.waitForLoadState("domcontentloaded", options);
    const heading = page.locator("h1").filter({ visible: true }).first();
    const text = (await heading.count()) === 0 ? "" : await heading.innerText(options);
    return page.url() === url ? text.replace(/\s+/g, " ").trim() : "";
  } catch {
    return "";
  }
}
