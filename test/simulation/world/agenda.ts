/** Something that will be done, at a moment and in the name of somebody. */
export interface Entry<Owner> {
  readonly owner: Owner;
  readonly run: () => void;
  /** What happens instead where its owner dies first. */
  readonly onAbandon: (() => void) | undefined;
  atMs: number;
  order: number;
  /** Whether it still waits to be done. */
  pending: boolean;
}

/** What is still to be done, earliest first; of the same moment, what was entered first. A binary heap. */
export class Agenda<Owner> {
  readonly #heap: Entry<Owner>[] = [];
  #order = 0;

  /** How many entries there are, those that were cancelled included. */
  get size(): number {
    return this.#heap.length;
  }

  add(entry: Entry<Owner>): void {
    entry.order = this.#order++;
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || before(above, entry)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  /** Takes the earliest out. */
  take(): Entry<Owner> | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [one, other] = [heap[left], heap[left + 1]];
      if (one === undefined) break;
      const [child, index] = other !== undefined && before(other, one) ? [other, left + 1] : [one, left];
      if (before(last, child)) break;
      heap[at] = child;
      at = index;
    }
    heap[at] = last;
    return first;
  }

  /** All that waits, in the order it would be done. */
  entries(): Entry<Owner>[] {
    return this.#heap.filter(({ pending }) => pending).sort((one, other) => (before(one, other) ? -1 : 1));
  }
}

function before<Owner>(one: Entry<Owner>, other: Entry<Owner>): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
