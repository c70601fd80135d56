import { parsePlaybook } from "@clew/playbook/parse-playbook";
import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import { WarningRaised } from "@clew/proto/grpc/clew/run/v1/run_event";
import type { StepContext } from "../../playbook/step-context.ts";

/** What a proposed playbook is called among a run's artifacts. */
export const proposalName = "proposed-playbook.yaml";

/** Keeps a proposed playbook as an artifact: never in the place of another. One that could not run, or would hold a secret, is a warning instead. */
export async function keepProposal(
  proposed: { readonly text: string } | { readonly problem: string },
  { files, redact, report }: Pick<StepContext, "files" | "redact" | "report">,
): Promise<void> {
  const problem = "problem" in proposed ? proposed.problem : problemOf(proposed.text, redact);
  if (problem === undefined && "text" in proposed) {
    await files.writeLast({ name: proposalName, kind: Artifact_Kind.PLAYBOOK, contentType: "application/yaml" }, proposed.text);
    return;
  }
  const message = redact(`No playbook is proposed: ${problem}.`).slice(0, 500);
  const value = WarningRaised.fromPartial({ reason: "PLAYBOOK_NOT_PROPOSED", message });
  await report.say({ summary: message, payload: { $case: "warningRaised", value } });
}

function problemOf(text: string, redact: StepContext["redact"]): string | undefined {
  if (redact(text) !== text) return "it would hold a secret";
  const parsed = parsePlaybook(text);
  if ("playbook" in parsed) return undefined;
  const [first] = parsed.problems;
  return `it could not run: ${first?.field} ${first?.message}`;
}
