import { Fault } from "@clew/fault/fault";
import type { CallRule, Right, Subject } from "./rights.ts";

/** Somebody who calls, as the orchestrator knows them. */
export interface Caller {
  readonly tenant: string;
  /** The key's name; empty without keys. */
  readonly key: string;
  /** Tells the key from others, also from those of the same name: the one that is shown, or the one that made the ticket. Empty without keys. */
  readonly keyId: string;
  /** Who acted through it, as a trusted service said. */
  readonly actor: string;
  readonly rights: ReadonlySet<Right>;
  /** What its calls may be about. */
  readonly subjects: ReadonlySet<Subject>;
  /** The runs within reach: all of its tenant's, those a ticket names, or every tenant's. */
  readonly reach: "tenant" | "everything" | ReadonlySet<string>;
  /** The only events it may see; all of them where empty. */
  readonly types: ReadonlySet<string>;
}

/** @throws Fault NOT_PERMITTED where a caller may not make a call. */
export function demandCall({ rights, subjects }: Pick<Caller, "rights" | "subjects">, { right, subject }: CallRule): void {
  if (!subjects.has(subject)) throw new Fault("NOT_PERMITTED", { message: foreign[subject] });
  if (!rights.has(right)) throw new Fault("NOT_PERMITTED", { message: lacking[right], details: { right } });
}

const lacking = {
  read: "This key may not read: it lacks the right `read`.",
  run: "This key or ticket may not create or change runs: it lacks the right `run`.",
  answer: "This key or ticket may not answer: it lacks the right `answer`.",
  admin: "This key or ticket may not delete: it lacks the right `admin`.",
} as const satisfies Record<Right, string>;

const foreign = {
  run: "This key may not read runs.",
  artifact: "This ticket was made without artifacts.",
  tenant: "A ticket, or a gateway's own key, may only read the runs one names.",
} as const satisfies Record<Subject, string>;

/** Whether a run is within a caller's reach. What is not does not exist for them. */
export function reaches({ tenant, reach }: Pick<Caller, "tenant" | "reach">, runId: string, runTenant: string): boolean {
  if (reach === "everything") return true;
  return runTenant === tenant && (reach === "tenant" || reach.has(runId));
}
