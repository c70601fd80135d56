/** A place between two records of a journal: after the record it names. Sequence 0 is the place before the first. */
export interface Position {
  readonly sequence: number;
  /** Where that record begins in the file; for sequence 0, where the file header ends. */
  readonly offset: number;
  /** Where the next record begins. */
  readonly nextOffset: number;
  /** The chain up to and including that record, eight bytes. */
  readonly chain: Uint8Array;
}

/** Copies a position out of the memory it may share with what it was read from, so that it can be kept. */
export function keepPosition({ sequence, offset, nextOffset, chain }: Position): Position {
  return { sequence, offset, nextOffset, chain: new Uint8Array(chain) };
}

/** Whether two chains are the same. */
export function sameChain(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
