import { Fault } from "@clew/fault/fault";

/**
 * What a call needs: to read runs one names, their artifacts, or what else a tenant has (lists, playbooks); to
 * change something; or to answer what a run asks.
 */
export type Right = "readRun" | "readArtifact" | "readTenant" | "write" | "answer";

/** Somebody who calls, as the orchestrator knows them. */
export interface Caller {
  readonly tenant: string;
  /** The key's name; empty without keys. */
  readonly key: string;
  /** Who acted through it, as a trusted service said. */
  readonly actor: string;
  readonly rights: ReadonlySet<Right>;
  /** The runs within reach: all of its tenant's, those a ticket names, or every tenant's. */
  readonly reach: "tenant" | "everything" | ReadonlySet<string>;
  /** The only events it may see; all of them where empty. */
  readonly types: ReadonlySet<string>;
}

/** @throws Fault NOT_PERMITTED where a caller has not the right a call needs. */
export function demandRight({ rights }: Pick<Caller, "rights">, right: Right): void {
  if (!rights.has(right)) throw new Fault("NOT_PERMITTED", { message: refusals[right] });
}

const refusals = {
  readRun: "Neither this key nor this ticket may read runs.",
  readArtifact: "This ticket was made without artifacts.",
  readTenant: "A ticket, or a gateway's own key, may only read the runs one names.",
  write: "This key or ticket may only read.",
  answer: "This key or ticket may only read.",
} as const satisfies Record<Right, string>;

/** Whether a run is within a caller's reach. What is not does not exist for them. */
export function reaches({ tenant, reach }: Pick<Caller, "tenant" | "reach">, runId: string, runTenant: string): boolean {
  if (reach === "everything") return true;
  return runTenant === tenant && (reach === "tenant" || reach.has(runId));
}
