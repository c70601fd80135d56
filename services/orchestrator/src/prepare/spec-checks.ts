import type { Violation } from "@clew/fault/fault";
import type { RunSpec } from "@clew/proto/grpc/clew/run/v1/run";

/** The parts of a spec that are looked at, in order, by the names a dry run gives them. */
export const checkNames = [
  "profile",
  "credentials",
  "playbook",
  "guardrails",
  "model",
  "start_url",
  "output_schema",
  "checks",
  "files",
  "browser_state",
  "lineage",
  "settings",
] as const;

export type CheckName = (typeof checkNames)[number];

const parts: Readonly<Record<string, CheckName>> = {
  profile: "profile",
  credentials: "credentials",
  credentialSet: "credentials",
  playbook: "playbook",
  playbookSource: "playbook",
  directive: "playbook",
  params: "playbook",
  guardrails: "guardrails",
  model: "model",
  thinking: "model",
  budget: "model",
  cassette: "model",
  startUrl: "start_url",
  outputSchema: "output_schema",
  checks: "checks",
  files: "files",
  browserState: "browser_state",
  continueFrom: "lineage",
  forkFrom: "lineage",
  keepAliveSeconds: "lineage",
};

/** Which check a field of a request belongs to, such as `spec.params.order_id`. */
export function checkOf({ field }: Violation): CheckName {
  const part = /^spec\.([A-Za-z]+)/.exec(field)?.[1] ?? "";
  return parts[part] ?? "settings";
}

/** The field of a spec that is meant by what a check finds as a whole. */
export function fieldOf(check: CheckName, { work, continueFrom, forkFrom }: Pick<RunSpec, "work" | "continueFrom" | "forkFrom">): string {
  if (check === "playbook") return work?.$case ?? "playbook";
  if (check === "lineage") return continueFrom !== undefined ? "continueFrom" : forkFrom !== undefined ? "forkFrom" : "keepAliveSeconds";
  return Object.keys(parts).find((part) => parts[part] === check) ?? check;
}
