import { delay } from "@clew/streams/delay";
import { within } from "../actions/within.ts";
import type { ActivePage } from "../browser/active-page.ts";
import { untraced } from "../browser/untraced.ts";

/** Milliseconds in which what an action sets off begins. */
const beginMs = 100;
/** Milliseconds that a page has for those: on a busy machine its clock is late. */
const mostBeginMs = 1_000;
/** Milliseconds, from its begin, that it has to be answered. */
const sentMs = 2_000;

/** What waits for what was sent. */
interface Waiting {
  readonly active: Pick<ActivePage, "sent" | "page" | "isOpen">;
  readonly signal: AbortSignal;
}

/**
 * Waits, before a page is left, until what the action before sent has its answer, where that may change something: a form in a frame, a script's request. The
 * browser would take it back. A whole page that is on its way is waited for by every action.
 */
export async function awaitSent(waiting: Waiting): Promise<void> {
  await awaitBegun(waiting);
  await waiting.active.sent.answered(sentMs, waiting.signal, "changes");
}

/** Waits, before the page is closed for good, until all that it has sent has its answer, and what the last action may still send. */
export async function awaitAllSent(waiting: Waiting): Promise<void> {
  await awaitBegun(waiting);
  await waiting.active.sent.answered(sentMs, waiting.signal);
}

/** Waits for what the last action may have set off to begin, by the page's own clock: what that has in mind for earlier comes first, and the browser tells of it before. */
async function awaitBegun({ active, signal }: Waiting): Promise<void> {
  const leftMs = active.sent.leftMs(beginMs);
  if (leftMs === 0) return;
  const page = active.isOpen ? active.page : undefined;
  const passed = page && untraced(page, () => page.evaluate(pass, leftMs));
  // One that hangs, or goes away, has no clock.
  await Promise.all([passed && within(passed, mostBeginMs, signal).catch(() => signal.throwIfAborted()), delay(leftMs, { signal })]);
}

/** Runs in the page. */
function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
