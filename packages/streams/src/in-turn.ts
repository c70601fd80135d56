/**
 * Does `work` for each item, at most `atOnce` at a time, and yields what comes of each in the order of the items.
 *
 * @param work must not be left half done: what was begun when the reader stops goes on by itself.
 * @throws what `work` rejects with, in its turn.
 */
export async function* inTurn<T, R>(items: Iterable<T>, atOnce: number, work: (item: T) => Promise<R>): AsyncGenerator<R> {
  const begun: Promise<R>[] = [];
  for (const item of items) {
    const going = work(item);
    going.catch(() => {});
    if (begun.push(going) < atOnce) continue;
    yield* begun.splice(0, 1);
  }
  yield* begun;
}
