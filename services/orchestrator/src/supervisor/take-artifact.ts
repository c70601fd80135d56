import { Fault } from "@clew/fault/fault";
import { isFlatName } from "@clew/outbox/flat-name";
import type { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import type { ArtifactReady } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import { linkSignals } from "@clew/streams/linked-signal";
import { storeArtifact } from "../artifacts/artifact-store.ts";
import type { EventDraft } from "../runs/event.ts";
import { limits } from "../runs/limits.ts";
import { warningRaised } from "./phrases.ts";
import { isPlaybookArtifact } from "./playbook-artifacts.ts";
import type { RunLog } from "./run-log.ts";

const tries = 3;

/** The names of files that are the orchestrator's own to write. */
const isReserved = (name: string) => isPlaybookArtifact(name) || /^(run\.json|sandbox-\d+\.log|egress(-\d+)?\.json)$/.test(name);

/** Reads a file of the sandbox from a byte on; stops when the signal aborts. */
export type ReadWorkFile = (offset: number, signal: AbortSignal) => AsyncIterable<{ readonly chunk: Uint8Array }>;

/** How long one may be at it. */
export interface Bounds {
  /** Nothing is wanted any more. */
  readonly signal: AbortSignal;
  /** What is not there by then is lost, and the rest goes on. */
  readonly deadline: AbortSignal;
}

/**
 * Brings a file that a sandbox announced onto the volume, checked by length and hash, and answers the event that says
 * so. A file that cannot be had becomes a warning: it never holds up the run.
 */
export async function takeArtifact(
  log: RunLog,
  runFolder: string,
  ready: ArtifactReady,
  read: ReadWorkFile,
  { signal, deadline }: Bounds,
): Promise<EventDraft> {
  const { name, kind, contentType, sizeBytes, sha256 } = ready;
  if (!mayStore(log, ready)) {
    return warningRaised(
      "ARTIFACT_REFUSED",
      "A file of the sandbox is too large, alone or with the others, one too many, or has a name that is taken or not allowed.",
    );
  }
  using until = linkSignals(signal, deadline);
  for (let tried = 1; ; tried++) {
    try {
      await storeArtifact(runFolder, name, resuming(read, sizeBytes, until.signal), {
        expected: { sizeBytes, sha256 },
        deadline: until.signal,
      });
      return artifactStored({ name, kind, contentType, sizeBytes, sha256 });
    } catch (error) {
      signal.throwIfAborted();
      // It does not take what is held in reserve: that is for the journals.
      if (Fault.from(error).reason === "VOLUME_FULL")
        return warningRaised("ARTIFACT_LOST", `There is no room on the volume for the file ${name}.`);
      if (deadline.aborted) return warningRaised("ARTIFACT_LOST", `The file ${name} could not be brought out of the sandbox in time.`);
      if (tried === tries) return warningRaised("ARTIFACT_LOST", `The file ${name} could not be brought out of the sandbox.`);
    }
  }
}

/** Whether a run may have a file of this name and size beside those it has. */
export function mayStore({ fold: { artifacts } }: RunLog, { name, sizeBytes }: Pick<ArtifactReady, "name" | "sizeBytes">): boolean {
  return (
    isFlatName(name) &&
    !isReserved(name) &&
    artifacts.length < limits.artifactsPerRun &&
    sizeBytes <= limits.artifactBytes &&
    artifacts.reduce((sum, stored) => sum + stored.sizeBytes, sizeBytes) <= limits.artifactsBytes &&
    artifacts.every((stored) => stored.name !== name)
  );
}

/** Says that a file is on the volume. */
export function artifactStored(artifact: {
  name: string;
  kind: Artifact_Kind;
  contentType: string;
  sizeBytes: number;
  sha256: string;
}): EventDraft {
  return {
    summary: `Stored ${artifact.name}`,
    payload: { $case: "artifactStored", value: { artifact: { ...artifact, createTime: new Date() } } },
  };
}

/** Reads a whole file; where a read breaks, goes on from the byte that is missing. */
async function* resuming(read: ReadWorkFile, sizeBytes: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for (let broken = 0; offset < sizeBytes; broken++) {
    try {
      signal.throwIfAborted();
      for await (const { chunk } of read(offset, signal)) {
        offset += chunk.byteLength;
        yield chunk;
      }
      if (offset < sizeBytes) throw new Fault("SANDBOX_MISBEHAVED");
    } catch (error) {
      signal.throwIfAborted();
      if (broken === tries) throw error;
    }
  }
}
