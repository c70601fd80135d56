import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { createRedact } from "@clew/playbook/redact";
import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import { storeArtifact } from "../artifacts/artifact-store.ts";
import type { RunLog } from "./run-log.ts";
import { artifactStored } from "./take-artifact.ts";

const keptBytes = 64 * 1024;

/** What keeping a lost sandbox's logs needs. */
export interface LostSandbox {
  readonly log: RunLog;
  readonly attempt: number;
  readonly runFolder: string;
  readonly workFolder: string;
  readonly secrets: readonly string[];
}

/** Keeps the end of a lost sandbox's logs as an artifact of its run, so that somebody can see why it was lost. */
export async function keepLog({ log, attempt, runFolder, workFolder, secrets }: LostSandbox): Promise<void> {
  const parts = await Promise.all(
    ["warden", "agent"].map(async (name) => `--- ${name} ---\n${await readEnd(join(workFolder, `${name}.log`))}\n`),
  );
  const name = `sandbox-${attempt}.log`;
  const stored = await storeArtifact(runFolder, name, [Buffer.from(createRedact(secrets)(parts.join("")))]);
  await log.decide(() => [{ attempt, ...artifactStored({ name, kind: Artifact_Kind.LOG, contentType: "text/plain", ...stored }) }]);
}

async function readEnd(file: string): Promise<string> {
  try {
    // The agent can write this folder: a link in the place of its log must give nothing away.
    await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    const { size } = await handle.stat();
    const length = Math.min(size, keptBytes);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    // From a whole line on: the half of a secret would not be found.
    return buffer.subarray(size > length ? buffer.indexOf("\n") + 1 : 0).toString("utf8");
  } catch {
    return "(nothing was written)";
  }
}
