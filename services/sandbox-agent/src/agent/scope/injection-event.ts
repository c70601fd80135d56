import { InjectionDetected } from "@clew/proto/grpc/clew/run/v1/run_event";
import type { EventDraft } from "../../report.ts";

/** The event that a page says something to the agent, found by a rule: what is left out is not in it. */
export function injectionEvent(rule: string, url: string): EventDraft {
  const value = InjectionDetected.fromPartial({ rule, url });
  return { summary: `A page speaks to the agent (${rule}): it is not shown`, payload: { $case: "injectionDetected", value } };
}
