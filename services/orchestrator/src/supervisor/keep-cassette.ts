import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { hasCode } from "@clew/fault/volume-fault";
import { placesOf } from "@clew/outbox/work-folder";
import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import { storeArtifact } from "../artifacts/artifact-store.ts";
import { hasLostSecrets } from "../runs/lost-secrets.ts";
import type { LostSandbox } from "./keep-log.ts";
import { warningRaised } from "./phrases.ts";
import { artifactStored } from "./take-artifact.ts";

const mostBytes = 64 * 1024 * 1024;

/**
 * Keeps what models were asked and answered as an artifact of the run: `cassette.jsonl`, and `cassette-2.jsonl` of a second attempt, with every
 * secret masked. Where the secrets are no longer known, a warning says that it was left out.
 */
export async function keepCassette({ log, attempt, runFolder, workFolder, spec, secrets }: LostSandbox): Promise<void> {
  const text = await readCassette(placesOf(workFolder).cassette);
  const name = attempt === 1 ? "cassette.jsonl" : `cassette-${attempt}.jsonl`;
  if (text === undefined || log.fold.artifacts.some((stored) => stored.name === name)) return;
  if (hasLostSecrets(spec) || !secrets.hasAnswers(log.fold.inputs)) {
    const leftOut = warningRaised("ARTIFACT_LOST", "The cassette was not kept: the secrets to be masked in it are no longer known.");
    await log.decide(() => [{ attempt, ...leftOut }]);
    return;
  }
  const stored = await storeArtifact(runFolder, name, [Buffer.from(secrets.known.redact(text))]);
  const draft = artifactStored({ name, kind: Artifact_Kind.DATA, contentType: "application/x-ndjson", ...stored });
  await log.decide(() => [{ attempt, ...draft }]);
}

/** The warden's own file: no sandbox can write there. */
async function readCassette(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    return (await file.stat()).size <= mostBytes ? await file.readFile("utf8") : undefined;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
