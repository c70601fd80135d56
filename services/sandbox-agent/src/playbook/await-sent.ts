import type { ActivePage } from "../browser/active-page.ts";

/** Milliseconds in which what an action sets off begins, and the browser tells of it. */
const beginMs = 100;
/** Milliseconds, from its begin, that it has to be answered. */
const sentMs = 2_000;

/** What waits for what was sent. */
interface Waiting {
  readonly active: Pick<ActivePage, "sent">;
  readonly signal: AbortSignal;
}

/**
 * Waits, before a page is left, until what the action before sent has its answer, where that may change something: a form in a frame, a script's request. The
 * browser would take it back. A whole page that is on its way is waited for by every action.
 */
export async function awaitSent({ active: { sent }, signal }: Waiting): Promise<void> {
  await sent.calm(beginMs, signal);
  await sent.answered(sentMs, signal, "changes");
}

/** Waits, before the page is closed for good, until all that it has sent has its answer, and what the last action may still send. */
export async function awaitAllSent({ active: { sent }, signal }: Waiting): Promise<void> {
  await sent.calm(beginMs, signal);
  await sent.answered(sentMs, signal);
}
