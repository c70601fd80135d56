import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { hasCode } from "@clew/fault/volume-fault";
import { placesOf } from "@clew/outbox/work-folder";
import { createRedact } from "@clew/playbook/redact";
import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import { storeArtifact } from "../artifacts/artifact-store.ts";

import { withHostSpellings } from "../runs/host-spellings.ts";
import type { LostSandbox } from "./keep-log.ts";
import { artifactStored } from "./take-artifact.ts";

const mostBytes = 1024 * 1024;

/** Keeps what a sandbox exchanged with whom as an artifact of its run: `egress.json`, and `egress-2.json` of a second attempt. A sandbox that never ended in order left none. */
export async function keepEgress({ log, attempt, runFolder, workFolder, secrets }: Omit<LostSandbox, "spec">): Promise<void> {
  const text = await readLedger(placesOf(workFolder).egress);
  const name = attempt === 1 ? "egress.json" : `egress-${attempt}.json`;
  if (text === undefined || log.fold.artifacts.some((stored) => stored.name === name)) return;
  const redact = createRedact(withHostSpellings(secrets.known.values));
  const stored = await storeArtifact(runFolder, name, [Buffer.from(redact(text))]);
  const draft = artifactStored({ name, kind: Artifact_Kind.LOG, contentType: "application/json", ...stored });
  await log.decide(() => [{ attempt, ...draft }]);
}

async function readLedger(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await file.stat();
    return stats.isFile() && stats.size <= mostBytes ? await file.readFile("utf8") : undefined;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
