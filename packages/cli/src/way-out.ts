import { isReason, type Reason, reasons } from "@clew/client";

/** What to do about an error, where the command line has a way of its own. */
const wayOutHere: Partial<Record<Reason, string>> = {
  KEY_MISSING: "Set CLEW_API_KEY to one of the keys that the service's CLEW_API_KEYS names.",
  KEY_INVALID: "Set CLEW_API_KEY to one of the keys that the service's CLEW_API_KEYS names.",
  RUN_NOT_FOUND: "See the runs there are: npx clew list",
  PLAYBOOK_NOT_FOUND: "See the playbooks there are: npx clew playbooks",
  IDEMPOTENCY_CONFLICT: "Give another --request-id, or ask as before.",
  TOKEN_MALFORMED: "Give --after a token exactly as it was printed, a sequence, or now.",
  TIMED_OUT: "Give it more time with --timeout (timeoutSeconds), or make the work smaller.",
};

/** Says what to do about an error, in the words of the command line; undefined for a reason that is not known. `details` are what the service said beside it. */
export function wayOut(reason: string, details: Readonly<Record<string, string>> = {}): string | undefined {
  if (!isReason(reason)) return undefined;
  const { earliest, runId } = details;
  if (reason === "ARTIFACT_NOT_FOUND") return `See the files there are: npx clew artifacts ${runId ?? "with the id of the run"}`;
  if (reasons[reason].code === "OUT_OF_RANGE" && earliest !== undefined && earliest !== "") return `Go on with: --after ${earliest}`;
  return wayOutHere[reason] ?? reasons[reason].wayOut;
}
