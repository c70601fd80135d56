import { placesOf } from "@clew/outbox/work-folder";
import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import { abortable } from "@clew/streams/abortable";
import { storeArtifact } from "../artifacts/artifact-store.ts";
import type { LostSandbox } from "./keep-log.ts";
import { warningRaised } from "./phrases.ts";
import { type ReadFile, readLeft } from "./read-left.ts";
import { artifactStored } from "./take-artifact.ts";

const mostBytes = 64 * 1024 * 1024;

/**
 * Keeps what models were asked and answered as an artifact of the run: `cassette.jsonl`, and `cassette-2.jsonl` of a second attempt, with every
 * secret masked. Where the secrets are no longer known, a warning says that it was left out.
 *
 * @throws the deadline's reason, with nothing kept.
 */
export async function keepCassette(
  { log, attempt, runFolder, workFolder, stay, spec, secrets }: LostSandbox,
  deadline: AbortSignal,
): Promise<void> {
  const text = await readLeft(placesOf(workFolder, stay).cassette, readWhole, deadline);
  const name = attempt === 1 ? "cassette.jsonl" : `cassette-${attempt}.jsonl`;
  if (text === undefined || log.fold.artifacts.some((stored) => stored.name === name)) return;
  if (!secrets.coverGiven(spec, log.fold)) {
    const leftOut = warningRaised("ARTIFACT_LOST", "The cassette was not kept: the secrets to be masked in it are no longer known.");
    await abortable(
      log.decide(() => [{ attempt, ...leftOut }]),
      deadline,
    );
    return;
  }
  const stored = await storeArtifact(runFolder, name, [Buffer.from(secrets.known.redact(text))], { deadline });
  const draft = artifactStored({ name, kind: Artifact_Kind.DATA, contentType: "application/x-ndjson", ...stored });
  await abortable(
    log.decide(() => [{ attempt, ...draft }]),
    deadline,
  );
}

const readWhole: ReadFile<string | undefined> = async (file, size) =>
  size !== undefined && size <= mostBytes ? await file.readFile("utf8") : undefined;
