import { Fault } from "@clew/fault/fault";
import { abortable } from "@clew/streams/abortable";
import type { Frame, Page } from "playwright";
import type { ActivePage } from "../browser/active-page.ts";
import type { ActionChecks } from "./check-actions.ts";
import type { Guard } from "./guard.ts";

/** Milliseconds that a frame has to be empty. */
const emptyMs = 5_000;

/**
 * Empties the pages and frames that the run before left and this run's guardrails forbid. Answers why the page that is acted on had to go;
 * undefined where it stays.
 *
 * @throws Fault GUARDRAIL_BLOCKED where one of them stays.
 */
export async function checkLeftPages(active: ActivePage, checks: ActionChecks, signal: AbortSignal): Promise<Fault | undefined> {
  const { guard } = checks;
  const isForbidden = isPageForbidden(guard, active.url);
  for (const page of active.pages) {
    const frames = isPageForbidden(guard, page.url()) ? [page.mainFrame()] : await forbiddenFrames(page, guard, signal);
    for (const frame of frames)
      await frame.goto("about:blank", { signal, timeout: emptyMs }).catch(async () => {
        // One that cannot be emptied takes its page along.
        await abortable(page.close(), AbortSignal.timeout(emptyMs)).catch(() => {});
      });
  }
  if (active.pages.some((page) => isPageForbidden(guard, page.url())))
    throw new Fault("GUARDRAIL_BLOCKED", { message: "A page that was open, and that the guardrails forbid, could not be closed." });
  await active.reopen();
  const trip = checks.takeTrip();
  return isForbidden ? trip : undefined;
}

async function forbiddenFrames(page: Page, guard: Guard, signal: AbortSignal): Promise<Frame[]> {
  const forbidden: Frame[] = [];
  for (const frame of page.frames())
    if (frame.parentFrame() !== null && (await isFrameForbidden(guard, frame, signal))) forbidden.push(frame);
  return forbidden;
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
