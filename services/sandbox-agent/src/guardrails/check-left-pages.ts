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
  const actedOn = active.page;
  const block = await judgePage(guard, actedOn.url(), signal);
  for (const page of active.pages) {
    const isForbidden = (await judgePage(guard, page.url(), signal)) !== undefined;
    const frames = isForbidden ? [page.mainFrame()] : await forbiddenFrames(page, guard, signal);
    for (const frame of frames) {
      // It goes with the one around it.
      if (frame.isDetached()) continue;
      await frame.goto("about:blank", { signal, timeout: emptyMs }).catch(async () => {
        // One that cannot be emptied takes its page along.
        await abortable(page.close(), AbortSignal.timeout(emptyMs)).catch(() => {});
      });
    }
  }
  for (const page of active.pages)
    if ((await judgePage(guard, page.url(), signal)) !== undefined)
      throw new Fault("GUARDRAIL_BLOCKED", { message: "A page that was open, and that the guardrails forbid, could not be closed." });
  const isGone = !active.pages.includes(actedOn);
  await active.reopen();
  const trip = checks.takeTrip();
  if (block !== undefined) return block;
  return isGone
    ? (trip ??
        new Fault("GUARDRAIL_BLOCKED", { message: "The page that was open showed what the guardrails forbid, and had to be closed." }))
    : undefined;
}

async function forbiddenFrames(page: Page, guard: Guard, signal: AbortSignal): Promise<Frame[]> {
  const forbidden: Frame[] = [];
  for (const frame of page.frames())
    if (frame.parentFrame() !== null && (await isFrameForbidden(guard, frame, signal))) forbidden.push(frame);
  return forbidden;
}

/** Says why a page is forbidden: by its address, and by where that leads. The empty page and the browser's own page for an error hold nothing. */
async function judgePage(guard: Guard, address: string, signal: AbortSignal): Promise<Fault | undefined> {
  if (/^(?:about:blank|chrome-error:|:|$)/.test(address)) return undefined;
  try {
    const block = await guard.follow(address, signal);
    return block && new Fault("GUARDRAIL_BLOCKED", { message: block.message, details: { rule: block.rule } });
  } catch (error) {
    signal.throwIfAborted();
    return new Fault("GUARDRAIL_BLOCKED", {
      message: "Where the page that is open leads cannot be known, so it is not gone on in.",
      cause: error,
    });
  }
}

/** What cannot be judged is forbidden. */
async function isFrameForbidden(guard: Guard, frame: Frame, signal: AbortSignal): Promise<boolean> {
  return await guard.embed(frame.url(), signal).then(
    (block) => block !== undefined,
    () => !signal.aborted,
  );
}
