import { abortable } from "./abortable.ts";

/** Milliseconds for which it is waited that what is opened too late is closed again. */
const lateMs = 2_000;

/**
 * Settles as `opening` does, or rejects with the signal's reason once that aborts. What is opened all the same is closed again before, so that nothing of it is left
 * behind; where that takes longer than 2 s, it goes on.
 */
export async function openInTime<T extends AsyncDisposable>(opening: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await abortable(opening, signal);
  } catch (thrown) {
    const closing = opening.then((late) => late[Symbol.asyncDispose]());
    await abortable(closing, AbortSignal.timeout(lateMs)).catch(() => {});
    throw thrown;
  }
}
