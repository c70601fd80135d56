import { isReason, type Reason, reasons } from "@clew/client";
import { nameOptions } from "./name-options.ts";

/** What to do about an error, where the command line has a way of its own. */
const wayOutHere: Partial<Record<Reason, string>> = {
  KEY_MISSING: "Set CLEW_API_KEY to one of the keys that the service's CLEW_API_KEYS names.",
  KEY_INVALID: "Set CLEW_API_KEY to one of the keys that the service's CLEW_API_KEYS names.",
  RUN_NOT_FOUND: "See the runs there are: npx clew list",
  PLAYBOOK_NOT_FOUND: "See the playbooks there are: npx clew playbooks",
  INPUT_NOT_AWAITED: "See what the run does: npx clew explain with its id",
  IDEMPOTENCY_CONFLICT: "Give another --request-id, or ask as before.",
  TOKEN_MALFORMED: "Give --after a token exactly as it was printed, a sequence, or now.",
  TIMED_OUT: "Give it more time with timeoutSeconds, or make the work smaller.",
};

const noRun = "No setting allows it: no run reaches it. Name another address.";

/** What to do about the guardrails that nothing in a RunSpec allows, by their rule. */
const wayOutOfRule: Readonly<Record<string, string | undefined>> = {
  scheme: "Give an address that begins with http:// or https://.",
  metadata_service: noRun,
  own_service: noRun,
  forbidden_address: "Name another address, or have the operator change CLEW_FORBIDDEN_ADDRESSES.",
};

/** Says what to do about an error, in the words of the command line; undefined for a reason that is not known. `details` are what the service said beside it. */
export function wayOut(reason: string, details: Readonly<Record<string, string>> = {}): string | undefined {
  if (!isReason(reason)) return undefined;
  const { earliest, runId, rule = "" } = details;
  if (reason === "ARTIFACT_NOT_FOUND") return `See the files there are: npx clew artifacts ${runId ?? "with the id of the run"}`;
  if (reason === "GUARDRAIL_BLOCKED" && Object.hasOwn(wayOutOfRule, rule)) return wayOutOfRule[rule];
  if (reasons[reason].code === "OUT_OF_RANGE" && earliest !== undefined && earliest !== "") return `Go on with: --after ${earliest}`;
  return nameOptions(wayOutHere[reason] ?? reasons[reason].wayOut);
}
