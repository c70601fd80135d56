/** A signal that follows others, and lets go of them when it is disposed. */
export interface LinkedSignal extends Disposable {
  readonly signal: AbortSignal;
  /** Aborts this signal only. */
  abort(reason?: unknown): void;
}

/**
 * Makes a signal that aborts when any of `sources` does, with the same reason.
 *
 * Dispose it: unlike AbortSignal.any it then leaves no listener on a source that lives longer.
 */
export function linkSignals(...sources: readonly (AbortSignal | undefined)[]): LinkedSignal {
  const controller = new AbortController();
  const links: (() => void)[] = [];
  const unlink = () => {
    for (const remove of links.splice(0)) remove();
  };
  const abort = (reason?: unknown) => {
    unlink();
    controller.abort(reason);
  };
  for (const source of sources) {
    if (source === undefined) continue;
    if (source.aborted) {
      abort(source.reason);
      break;
    }
    const onAbort = () => abort(source.reason);
    source.addEventListener("abort", onAbort, { once: true });
    links.push(() => source.removeEventListener("abort", onAbort));
  }
  return { signal: controller.signal, abort, [Symbol.dispose]: unlink };
}
