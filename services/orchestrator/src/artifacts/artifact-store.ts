import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { isFlatName } from "@clew/outbox/flat-name";
import { abortable } from "@clew/streams/abortable";
import { nodeDisk, onVolume } from "../journal/disk.ts";
import { limits } from "../runs/limits.ts";

const chunkBytes = 64 * 1024;

/** What came of storing a file. */
export interface StoredFile {
  readonly sizeBytes: number;
  /** In hex. */
  readonly sha256: string;
}

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** How a file is stored. */
interface StoreOptions {
  /** What it must be; anything unless given. */
  readonly expected?: StoredFile;
  /** Until when it may take; for ever unless given. */
  readonly deadline?: AbortSignal;
}

/**
 * Stores a file under its name in a run's folder: all of it or nothing, and nothing that is not what was expected. Where the deadline passes it answers at
 * once, whatever the disk does, and what is not whole by then is removed once that answers.
 *
 * @throws Fault VOLUME_FULL, VOLUME_FAILED, SANDBOX_MISBEHAVED when it is another file than expected, or INVALID_REQUEST when it is larger than an artifact may be; the deadline's reason.
 */
export function storeArtifact(
  runFolder: string,
  name: string,
  chunks: Chunks,
  { expected, deadline }: StoreOptions = {},
): Promise<StoredFile> {
  return abortable(store(runFolder, name, chunks, expected, deadline), deadline);
}

async function store(
  runFolder: string,
  name: string,
  chunks: Chunks,
  expected: StoredFile | undefined,
  deadline: AbortSignal | undefined,
): Promise<StoredFile> {
  if (!isFlatName(name)) throw new Fault("INVALID_REQUEST", { message: "An artifact's name must be flat." });
  const folder = join(runFolder, "artifacts");
  const made = await onVolume(mkdir(folder, { recursive: true }));
  if (made !== undefined) await onVolume(nodeDisk.syncFolder(runFolder));
  const temporary = join(runFolder, `artifact.${randomBytes(6).toString("hex")}.tmp`);
  const hash = createHash("sha256");
  let sizeBytes = 0;
  let sha256: string;
  try {
    await using file = await onVolume(open(temporary, "wx", 0o600));
    for await (const chunk of chunks) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > limits.artifactBytes) throw new Fault("INVALID_REQUEST", { message: "The file is larger than an artifact may be." });
      hash.update(chunk);
      await onVolume(file.writeFile(chunk));
    }
    sha256 = hash.digest("hex");
    if (expected !== undefined && (sizeBytes !== expected.sizeBytes || sha256 !== expected.sha256)) throw new Fault("SANDBOX_MISBEHAVED");
    await onVolume(file.sync());
    deadline?.throwIfAborted();
    await onVolume(rename(temporary, join(folder, name)));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await onVolume(nodeDisk.syncFolder(folder));
  return { sizeBytes, sha256 };
}

/** Removes what storing files left in a run's folder where it was cut short. Nobody may be storing any. */
export async function removeUnfinished(runFolder: string): Promise<void> {
  const left = (await readdir(runFolder)).filter((name) => /^artifact\.[0-9a-f]{12}\.tmp$/.test(name));
  for (const name of left) await rm(join(runFolder, name), { force: true });
}

/** Reads a stored file from `offset`, at most `length` bytes where that is not 0. @throws Fault ARTIFACT_NOT_FOUND. */
export async function* readArtifact(runFolder: string, name: string, offset: number, length: number): AsyncGenerator<Buffer> {
  if (!isFlatName(name)) throw new Fault("ARTIFACT_NOT_FOUND");
  const file = join(runFolder, "artifacts", name);
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) throw new Fault("ARTIFACT_NOT_FOUND");
  if (offset >= found.size && found.size > 0) throw new Fault("RANGE_NOT_SATISFIABLE");
  if (found.size === 0) return;
  const end = length === 0 ? found.size - 1 : Math.min(found.size, offset + length) - 1;
  for await (const chunk of createReadStream(file, { start: offset, end, highWaterMark: chunkBytes })) {
    if (chunk instanceof Buffer) yield chunk;
  }
}
