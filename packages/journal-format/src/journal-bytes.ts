/** The bytes of a journal, wherever they lie. */
export interface JournalBytes {
  /** Fills `into` from `offset` on and answers how many bytes there were; fewer only at the end. */
  read(into: Uint8Array, offset: number): Promise<number>;
}
