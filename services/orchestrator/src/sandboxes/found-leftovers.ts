/** How much of a kind was found that sandboxes left, and how much of that was removed. */
export interface FoundLeftovers {
  readonly found: number;
  readonly removed: number;
}

/** Removes each of these, one after the other; `onLeft` hears what could not be. */
export async function removeEach(
  names: Iterable<string>,
  remove: (name: string) => Promise<void>,
  onLeft: (name: string, error: unknown) => void,
): Promise<FoundLeftovers> {
  let [found, removed] = [0, 0];
  for (const name of names) {
    found += 1;
    try {
      await remove(name);
      removed += 1;
    } catch (error) {
      onLeft(name, error);
    }
  }
  return { found, removed };
}
