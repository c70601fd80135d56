import { Fault } from "@clew/fault/fault";
import type { Page } from "playwright";
import { openBrowser } from "./browser/open-browser.ts";
import { recordContext } from "./browser/record-context.ts";
import { type RecordedPlaybook, writePlaybook } from "./steps/write-playbook.ts";

/** What to record. */
export interface RecordPlaybookOptions {
  /** Where the browser starts. */
  readonly url: string;
  /** The playbook's id. */
  readonly id: string;
  /** The Chromium to run; Playwright's own unless given. */
  readonly executablePath?: string | undefined;
  /** Ends the recording, which is written all the same. */
  readonly signal: AbortSignal;
  /** Called once the page is open. */
  readonly onReady?: () => void;
  /** Does in the page what a person would, without a window; the recording ends with it. */
  readonly drive?: (page: Page) => Promise<void>;
}

const openMs = 30_000;

/** Opens a browser, records what is done in it until it is closed, Ctrl+Shift+S is pressed or the signal aborts, and writes it as a playbook. */
export async function recordPlaybook(options: RecordPlaybookOptions): Promise<RecordedPlaybook> {
  const { url, id, executablePath, signal, onReady, drive } = options;
  await using browser = await openBrowser({ executablePath, headless: drive !== undefined });
  const { context } = browser;
  const recording = await recordContext(context, { trustsScripts: drive !== undefined });
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto(url, { timeout: openMs, waitUntil: "domcontentloaded" }).catch((cause: unknown) => {
    if (!page.isClosed()) throw new Fault("INVALID_REQUEST", { message: "The address does not open.", cause });
  });
  onReady?.();
  if (drive === undefined) await Promise.race([recording.ended, aborted(signal)]);
  else await drive(page);
  const { interactions, warnings } = await recording.finish();
  // The address as it was given, not where it led.
  const opened = interactions[0]?.kind === "goto" || interactions[0]?.kind === "arrive" ? interactions.slice(1) : interactions;
  return writePlaybook([{ kind: "goto", url }, ...opened], { id, warnings });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
