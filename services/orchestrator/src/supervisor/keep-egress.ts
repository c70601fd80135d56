import { placesOf } from "@clew/outbox/work-folder";
import { createRedact } from "@clew/playbook/redact";
import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import { abortable } from "@clew/streams/abortable";
import { storeArtifact } from "../artifacts/artifact-store.ts";
import { withHostSpellings } from "../runs/host-spellings.ts";
import type { LostSandbox } from "./keep-log.ts";
import { warningRaised } from "./phrases.ts";
import { type ReadFile, readLeft } from "./read-left.ts";
import { artifactStored } from "./take-artifact.ts";

const mostBytes = 1024 * 1024;

/**
 * Keeps what a sandbox exchanged with whom as an artifact of its run: `egress.json`, and `egress-2.json` of a second attempt. That of a sandbox
 * whose warden was killed says that it is not complete; one that cannot be kept is warned of.
 *
 * @throws the deadline's reason, with nothing kept.
 */
export async function keepEgress(
  { log, attempt, runFolder, workFolder, stay, secrets }: Omit<LostSandbox, "spec">,
  deadline: AbortSignal,
): Promise<void> {
  const ledger = await readLeft(placesOf(workFolder, stay).egress, readLedger, deadline);
  const name = attempt === 1 ? "egress.json" : `egress-${attempt}.json`;
  if (ledger === undefined || log.fold.artifacts.some((stored) => stored.name === name)) return;
  if (ledger.text === undefined) {
    const warning = warningRaised(
      "EGRESS_LOST",
      `What the sandbox exchanged with whom is not kept: the record is no file of at most ${mostBytes} bytes.`,
    );
    await abortable(
      log.decide(() => [{ attempt, ...warning }]),
      deadline,
    );
    return;
  }
  const redact = createRedact(withHostSpellings(secrets.known.values));
  const stored = await storeArtifact(runFolder, name, [Buffer.from(redact(ledger.text))], { deadline });
  const draft = artifactStored({ name, kind: Artifact_Kind.LOG, contentType: "application/json", ...stored });
  await abortable(
    log.decide(() => [{ attempt, ...draft }]),
    deadline,
  );
}

/** Answers no text where it cannot be kept. */
const readLedger: ReadFile<{ readonly text: string | undefined }> = async (file, size) => ({
  text: size !== undefined && size <= mostBytes ? await file.readFile("utf8") : undefined,
});
