import { Fault } from "@clew/fault/fault";
import type { RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import type { CredentialSet, CredentialSets } from "../secrets/credential-sets.ts";
import type { RunLog } from "./run-log.ts";
import type { RunSecrets } from "./run-secrets.ts";

interface NeedsCredentials {
  readonly log: Pick<RunLog, "run">;
  readonly spec: RunSpec;
  readonly secrets: RunSecrets;
  /** Credentials that the operator keeps; without them there are none. */
  readonly credentialSets?: Pick<CredentialSets, "read"> | undefined;
}

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
