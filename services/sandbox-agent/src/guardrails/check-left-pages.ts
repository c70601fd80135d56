import type { Fault } from "@clew/fault/fault";
import type { Frame } from "playwright";
import type { ActivePage } from "../browser/active-page.ts";
import type { ActionChecks } from "./check-actions.ts";
import type { Guard } from "./guard.ts";

/**
 * Closes the pages, and empties the frames, that the run before left and this run's guardrails forbid. Answers why the page that is acted on had to go;
 * undefined where it stays.
 */
export async function checkLeftPages(active: ActivePage, checks: ActionChecks, signal: AbortSignal): Promise<Fault | undefined> {
  const { guard } = checks;
  const isForbidden = isPageForbidden(guard, active.url);
  for (const page of active.pages) {
    if (isPageForbidden(guard, page.url())) {
      await page.close().catch(() => {});
      continue;
    }
    for (const frame of page.frames()) {
      if (frame.parentFrame() === null || !(await isFrameForbidden(guard, frame, signal))) continue;
      // One that cannot be emptied takes its page along.
      await frame.goto("about:blank", { signal }).catch(() => page.close().catch(() => {}));
    }
  }
  await active.reopen();
  const trip = checks.takeTrip();
  return isForbidden ? trip : undefined;
}

/** The empty page and the browser's own page for an error hold nothing. */
function isPageForbidden(guard: Guard, address: string): boolean {
  return !/^(?:about:blank|chrome-error:|:|$)/.test(address) && guard.judge(address) !== undefined;
}

/** What cannot be judged is forbidden. */
async function isFrameForbidden(guard: Guard, frame: Frame, signal: AbortSignal): Promise<boolean> {
  return await guard.embed(frame.url(), signal).then(
    (block) => block !== undefined,
    () => !signal.aborted,
  );
}
