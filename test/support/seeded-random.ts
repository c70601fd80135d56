/** Chance that can be repeated: the same seed gives the same choices. */
export interface SeededRandom {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number from `from` up to and including `to`. */
  integer(from: number, to: number): number;
  /** One of them. */
  pick<T>(list: readonly [T, ...T[]]): T;
  /** One that is no less repeatable, and whose choices do not shift these. */
  fork(name: string): SeededRandom;
}

/** Makes chance of a seed (mulberry32: it need not be good, only the same everywhere). */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    integer: (from, to) => from + Math.floor(next() * (to - from + 1)),
    pick: (list) => list[Math.floor(next() * list.length)] ?? list[0],
    fork: (name) => seededRandom([...name].reduce((hash, char) => Math.imul(hash ^ char.charCodeAt(0), 0x01000193), seed ^ 0x811c9dc5)),
  };
}
