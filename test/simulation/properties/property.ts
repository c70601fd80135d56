import type { FinalLog, Happening, History, LoggedRecord, ReaderFacts } from "../history.ts";

/** Something that must be true of every history; the answer is what is wrong, in words. */
export type Property = (history: History) => string[];

/** What happened, of one kind. */
export function happened<K extends Happening["kind"]>(history: History, kind: K): Extract<Happening, { readonly kind: K }>[] {
  return history.happenings.filter(
    (each): each is Extract<Happening, { readonly kind: K }> & { readonly atMs: number } => each.kind === kind,
  );
}

/** What a reader's application was given, in order, over all its processes and connections. */
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

/** The records that a reader is to have in the end: of its types, and after the place where it began. */
export function dueTo(history: History, { name, run, types, fromNow }: ReaderFacts): readonly LoggedRecord[] {
  const began = fromNow ? greetedAt(history, name) : 0;
  return wanted(logOf(history, run), types).filter(({ sequence }) => began !== undefined && sequence > began);
}

/** Where a reader that asked for what is new was told it stands; undefined where nothing told it. One that keeps nothing yet asks anew when it begins anew. */
function greetedAt(history: History, name: string): number | undefined {
  let greeted: number | undefined;
  for (const each of history.happenings) {
    if (!("reader" in each) || each.reader !== name) continue;
    if (each.kind === "applied") break;
    if (each.kind === "restarted" || each.kind === "gaveUp") greeted = undefined;
    if (each.kind === "frame" && each.frame.kind === "hello") greeted ??= each.frame.sequence;
  }
  return greeted;
}
