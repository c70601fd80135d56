import { Fault } from "@clew/fault/fault";
import type { CredentialSet } from "../secrets/credential-sets.ts";
import type { SupervisedRun } from "./supervise.ts";

type NeedsCredentials = Pick<SupervisedRun, "log" | "spec" | "credentialSets" | "secrets">;

/**
 * Reads the credentials that a run's work is given: those it was created with, or the operator's set as it is now. They are secrets from then on.
 *
 * @throws Fault CREDENTIALS_UNREADABLE where the set is gone, or cannot be read.
 */
export async function readCredentials({ log, spec, credentialSets, secrets }: NeedsCredentials): Promise<CredentialSet> {
  if (spec.credentialSet === undefined) return { values: spec.credentials, origins: [] };
  const set = await credentialSets?.read(log.run.tenant, spec.credentialSet);
  if (set === undefined) throw new Fault("CREDENTIALS_UNREADABLE", { message: "The run's credential set is there no more." });
  secrets.addSet(Object.values(set.values));
  return set;
}
