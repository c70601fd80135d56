import type { FinalLog, Happening, History, LoggedRecord } from "../history.ts";

/** Something that must be true of every history; the answer is what is wrong, in words. */
export type Property = (history: History) => string[];

/** What happened, of one kind. */
export function happened<K extends Happening["kind"]>(history: History, kind: K): Extract<Happening, { readonly kind: K }>[] {
  return history.happenings.filter(
    (each): each is Extract<Happening, { readonly kind: K }> & { readonly atMs: number } => each.kind === kind,
  );
}

/** What a reader's application holds in the end: what it was given, in order. A history that is lost takes what came after it along. */
export function heldBy(history: History, reader: string): Extract<Happening, { readonly kind: "applied" }>[] {
  return happened(history, "applied").filter((event) => event.reader === reader);
}

/** The journal of the run a reader follows; undefined where nobody was told that it exists. */
export function logOf(history: History, run: number): FinalLog | undefined {
  const runId = happened(history, "created").find((created) => created.run === run)?.runId;
  return history.logs.find((log) => log.runId === runId);
}

/** The records of a journal that a reader with these types is to have. */
export function wanted(log: FinalLog | undefined, types: readonly string[]): readonly LoggedRecord[] {
  return (log?.records ?? []).filter(({ type }) => types.length === 0 || types.includes(type));
}
