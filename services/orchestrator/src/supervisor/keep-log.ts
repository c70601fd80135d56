import { join } from "node:path";
import { Artifact_Kind, type RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { abortable } from "@clew/streams/abortable";
import { storeArtifact } from "../artifacts/artifact-store.ts";
import type { LogOffsets } from "../sandboxes/sandbox-provider.ts";
import { warningRaised } from "./phrases.ts";
import { type ReadFile, readLeft } from "./read-left.ts";
import type { RunLog } from "./run-log.ts";
import type { RunSecrets } from "./run-secrets.ts";
import { artifactStored } from "./take-artifact.ts";

const keptBytes = 64 * 1024;

/** What keeping a lost sandbox's logs needs. */
export interface LostSandbox {
  readonly log: RunLog;
  readonly attempt: number;
  readonly runFolder: string;
  readonly workFolder: string;
  /** Which run's stay in the sandbox it was; the first unless given. */
  readonly stay?: number | undefined;
  /** Where that stay's part of the logs begins; at their beginning unless given. */
  readonly logsFrom?: LogOffsets | undefined;
  readonly spec: RunSpec;
  readonly secrets: RunSecrets;
}

/**
 * Keeps the end of a lost sandbox's logs as an artifact of its run, so that somebody can see why it was lost. What the agent wrote is
 * left out, and a warning says so, where the secrets that would have to be masked in it are no longer known.
 *
 * @throws the deadline's reason, with nothing kept.
 */
export async function keepLog(
  { log, attempt, runFolder, workFolder, logsFrom, spec, secrets }: LostSandbox,
  deadline: AbortSignal,
): Promise<void> {
  const isMaskable = secrets.coverGiven(spec, log.fold);
  const parts = await Promise.all(
    (isMaskable ? (["warden", "agent"] as const) : (["warden"] as const)).map(
      async (name) => `--- ${name} ---\n${await endOf(join(workFolder, `${name}.log`), logsFrom?.[name] ?? 0, deadline)}\n`,
    ),
  );
  const name = `sandbox-${attempt}.log`;
  const stored = await storeArtifact(runFolder, name, [Buffer.from(secrets.known.redact(parts.join("")))], { deadline });
  const kept = artifactStored({ name, kind: Artifact_Kind.LOG, contentType: "text/plain", ...stored });
  const leftOut = warningRaised("ARTIFACT_LOST", "The agent's log was not kept: the secrets to be masked in it are no longer known.");
  await abortable(
    log.decide(() => (isMaskable ? [kept] : [kept, leftOut]).map((draft) => ({ attempt, ...draft }))),
    deadline,
  );
}

async function endOf(path: string, from: number, deadline: AbortSignal): Promise<string> {
  const end = await readLeft(path, readEnd(from), deadline).catch(() => undefined);
  deadline.throwIfAborted();
  return end ?? "(nothing was written)";
}

const readEnd =
  (from: number): ReadFile<string> =>
  async (file, size = 0) => {
    const begin = Math.max(from, size - keptBytes);
    // From a whole line on: the half of a secret would not be found.
    const before = Math.min(size, Math.max(0, begin - 1));
    const { buffer } = await file.read(Buffer.alloc(size - before), 0, size - before, before);
    return buffer.subarray(begin > 0 ? buffer.indexOf("\n") + 1 : 0).toString("utf8");
  };
