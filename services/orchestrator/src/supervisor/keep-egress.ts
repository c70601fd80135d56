import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { hasCode } from "@clew/fault/volume-fault";
import { placesOf } from "@clew/outbox/work-folder";
import { createRedact } from "@clew/playbook/redact";
import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import { storeArtifact } from "../artifacts/artifact-store.ts";
import { withHostSpellings } from "../runs/host-spellings.ts";
import type { LostSandbox } from "./keep-log.ts";
import { warningRaised } from "./phrases.ts";
import { artifactStored } from "./take-artifact.ts";

const mostBytes = 1024 * 1024;

/** Keeps what a sandbox exchanged with whom as an artifact of its run: `egress.json`, and `egress-2.json` of a second attempt. A sandbox that never ended in order left none; one that cannot be kept is warned of. */
export async function keepEgress({ log, attempt, runFolder, workFolder, secrets }: Omit<LostSandbox, "spec">): Promise<void> {
  const ledger = await readLedger(placesOf(workFolder).egress);
  const name = attempt === 1 ? "egress.json" : `egress-${attempt}.json`;
  if (ledger === undefined || log.fold.artifacts.some((stored) => stored.name === name)) return;
  if (ledger.text === undefined) {
    const warning = warningRaised(
      "EGRESS_LOST",
      `What the sandbox exchanged with whom is not kept: the record is no file of at most ${mostBytes} bytes.`,
    );
    await log.decide(() => [{ attempt, ...warning }]);
    return;
  }
  const redact = createRedact(withHostSpellings(secrets.known.values));
  const stored = await storeArtifact(runFolder, name, [Buffer.from(redact(ledger.text))]);
  const draft = artifactStored({ name, kind: Artifact_Kind.LOG, contentType: "application/json", ...stored });
  await log.decide(() => [{ attempt, ...draft }]);
}

/** Answers nothing where there is none, and no text where it cannot be kept. */
async function readLedger(path: string): Promise<{ readonly text: string | undefined } | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await file.stat();
    return { text: stats.isFile() && stats.size <= mostBytes ? await file.readFile("utf8") : undefined };
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
