/**
 * Does something with each item, `atOnce` of them at a time: one that takes long holds up no other. Resolves once all are done; rejects with the first
 * failure, and then begins nothing more.
 */
export async function forEachOf<T>(items: Iterable<T>, atOnce: number, act: (item: T) => Promise<void>): Promise<void> {
  const left = [...items].values();
  let hasFailed = false;
  const work = async () => {
    for (const item of left) {
      if (hasFailed) return;
      await act(item);
    }
  };
  const working = Array.from({ length: atOnce }, work);
  await Promise.all(working).catch((failure: unknown) => {
    hasFailed = true;
    throw failure;
  });
}
