import { parsePlaybook } from "@clew/playbook/parse-playbook";
import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import { WarningRaised } from "@clew/proto/grpc/clew/run/v1/run_event";
import type { StepContext } from "../../playbook/step-context.ts";

/** What a proposed playbook is called among a run's artifacts. */
export const proposalName = "proposed-playbook.yaml";

/** A playbook that is proposed, or why there is none. */
export type Proposed = { readonly text: string } | { readonly problem: string };

type ProposalRoom = Pick<StepContext, "log" | "redact" | "report"> & { readonly files: Pick<StepContext["files"], "writeLast"> };

/**
 * Keeps a proposed playbook as an artifact: never in the place of another. One that could not run, would hold a secret or cannot be written is a warning instead:
 * the work is done all the same.
 */
export async function keepProposal(propose: () => Proposed, room: ProposalRoom): Promise<void> {
  const { log, redact, report } = room;
  const problem = await tryKeep(propose, room).catch((error: unknown) => {
    log.error({ err: error }, "a proposed playbook could not be written");
    return "it could not be written";
  });
  if (problem === undefined) return;
  const message = redact(`No playbook is proposed: ${problem}.`).slice(0, 500);
  const value = WarningRaised.fromPartial({ reason: "PLAYBOOK_NOT_PROPOSED", message });
  await report.say({ summary: message, payload: { $case: "warningRaised", value } });
}

/** Answers why it is not kept. */
async function tryKeep(propose: () => Proposed, { files, redact }: ProposalRoom): Promise<string | undefined> {
  const proposed = propose();
  const problem = "problem" in proposed ? proposed.problem : problemOf(proposed.text, redact);
  if (problem === undefined && "text" in proposed)
    await files.writeLast({ name: proposalName, kind: Artifact_Kind.PLAYBOOK, contentType: "application/yaml" }, proposed.text);
  return problem;
}

function problemOf(text: string, redact: StepContext["redact"]): string | undefined {
  if (redact(text) !== text) return "it would hold a secret";
  const parsed = parsePlaybook(text);
  if ("playbook" in parsed) return undefined;
  const [first] = parsed.problems;
  return `it could not run: ${first?.field} ${first?.message}`;
}
