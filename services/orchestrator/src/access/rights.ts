import type { RunServiceService } from "@clew/proto/grpc/clew/run/v1/run_service";

/** What a key may have: to read what its tenant has, to create and stop runs, to answer what they ask, and to delete. */
export const rights = ["read", "run", "answer", "admin"] as const;

export type Right = (typeof rights)[number];

/** What a call is about: one run, the files of one, or what else a tenant has. */
export type Subject = "run" | "artifact" | "tenant";

/** A call of the public service. */
export type CallName = keyof typeof RunServiceService;

/** What a call needs. */
export interface CallRule {
  readonly right: Right;
  readonly subject: Subject;
  /** Whether it changes something: such calls are audited, however they end. */
  readonly changes: boolean;
}

const reads = (subject: Subject): CallRule => ({ right: "read", subject, changes: false });

/** Who may make which call; docs/tenants.md says the same. */
export const callRules = {
  createRun: { right: "run", subject: "tenant", changes: true },
  dryRun: reads("tenant"),
  listRuns: reads("tenant"),
  getRun: reads("run"),
  readEvents: reads("run"),
  streamRunEvents: reads("run"),
  stopRun: { right: "run", subject: "run", changes: true },
  releaseRun: { right: "run", subject: "run", changes: true },
  sendInput: { right: "answer", subject: "run", changes: true },
  deleteRun: { right: "admin", subject: "run", changes: true },
  listArtifacts: reads("artifact"),
  readArtifact: reads("artifact"),
  uploadFile: { right: "run", subject: "tenant", changes: true },
  createTicket: { right: "read", subject: "tenant", changes: true },
  listPlaybooks: reads("tenant"),
  getPlaybook: reads("tenant"),
  validatePlaybook: reads("tenant"),
} as const satisfies Record<CallName, CallRule>;

/** Finds what a call needs by its path, `/package.Service/Method`. */
export function ruleOf(path: string): CallRule & { readonly name: CallName } {
  const method = path.slice(path.lastIndexOf("/") + 1);
  const name = `${method.slice(0, 1).toLowerCase()}${method.slice(1)}`;
  if (!isCallName(name)) throw new Error("A call without a rule was made.");
  return { name, ...callRules[name] };
}

function isCallName(name: string): name is CallName {
  return Object.hasOwn(callRules, name);
}
