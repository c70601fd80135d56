/** Milliseconds within which a second signal is the same wish: npm and the terminal both pass on one Ctrl-C. */
const sameWishMs = 1_000;

/** The wish to stop: `asked` resolves with the first signal, `insisted` with one that comes later than an echo of it would. */
export interface StopWish extends Disposable {
  readonly asked: Promise<NodeJS.Signals>;
  readonly insisted: Promise<NodeJS.Signals>;
}

/** Listens for SIGINT, SIGTERM and SIGHUP until disposed; the death of the parent process counts as a SIGHUP. */
export function untilStopped(): StopWish {
  const asked = Promise.withResolvers<NodeJS.Signals>();
  const insisted = Promise.withResolvers<NodeJS.Signals>();
  let firstAt: number | undefined;
  const take = (signal: NodeJS.Signals) => {
    const now = performance.now();
    firstAt ??= now;
    asked.resolve(signal);
    if (now - firstAt > sameWishMs) insisted.resolve(signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, take);
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent) asked.resolve("SIGHUP");
  }, 1_000);
  watch.unref();
  return {
    asked: asked.promise,
    insisted: insisted.promise,
    [Symbol.dispose]() {
      clearInterval(watch);
      for (const signal of signals) process.off(signal, take);
    },
  };
}
