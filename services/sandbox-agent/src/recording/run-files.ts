import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Fault } from "@clew/fault/fault";
import type { Redact } from "@clew/playbook/redact";
import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import { ArtifactReady } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import { fileNameOf, numbered } from "./file-name.ts";
import { recordingLimits } from "./recording-limits.ts";

/** A file of the run, by what it is. */
export interface RunFile {
  readonly name: string;
  readonly kind: Artifact_Kind;
  readonly contentType: string;
}

/** A file that a page offers. */
export interface OfferedFile {
  /** What the page calls it: anything. */
  readonly suggestedName: string;
  readonly contentType: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** Names that no page may give: of what is recorded, and of what the orchestrator writes. */
const ownNames = /^(trace|video|console|network|manifest|outcome|action|failure|text|playbook|run|sandbox)[.-]/i;

/**
 * The files a run leaves behind: in one flat folder, from which they are pulled, and taken where the run was killed. What lies there is whole, and without
 * secrets. Later attempts have their number in the names.
 */
export class RunFiles {
  readonly #folder: string;
  readonly #attempt: number;
  readonly #redact: Redact;
  readonly #files = new Map<string, RunFile>();
  /** The names given to what pages offer. */
  readonly #promised = new Set<string>();
  #unfinished = 0;
  #downloads = 0;
  #bytes = 0;
  #refused = 0;

  private constructor(folder: string, attempt: number, redact: Redact) {
    this.#folder = folder;
    this.#attempt = attempt;
    this.#redact = redact;
  }

  /** Opens the folder, and makes it where it is missing. */
  static async open(folder: string, attempt: number, redact: Redact = (value) => value): Promise<RunFiles> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new RunFiles(folder, attempt, redact);
  }

  /**
   * Writes a file; answers the name it has in this attempt.
   *
   * @throws Fault ACTION_FAILED where the run has as many files, or bytes in them, as it may.
   */
  async write(file: RunFile, content: string | Uint8Array): Promise<string> {
    this.#demandRoom(Buffer.byteLength(content));
    return await this.writeLast(file, content);
  }

  /** Writes a file as `write` does; answers nothing where there is no room for it. */
  async writeWhereFits(file: RunFile, content: string | Uint8Array): Promise<string | undefined> {
    return this.#takesRoom(Buffer.byteLength(content)) ? await this.writeLast(file, content) : undefined;
  }

  /** Writes one of the few files that a run ends with, however many it has. */
  async writeLast(file: RunFile, content: string | Uint8Array): Promise<string> {
    const temporary = this.unfinished();
    await writeFile(temporary, content, { mode: 0o600 });
    return await this.take(file, temporary);
  }

  /** Moves a file that was written elsewhere on the same disk to its place; answers its name. */
  async take(file: RunFile, path: string): Promise<string> {
    const place = this.place(file.name);
    await rename(path, place.path);
    this.add({ ...file, name: place.name });
    return place.name;
  }

  /**
   * Stores a file that a page offers, under a name made of the one it suggests; answers that name. One that is too large leaves nothing behind.
   *
   * @throws Fault ACTION_FAILED when it is larger than 100 MiB, or the twenty-first, or there is no room for it.
   */
  async takeOffered({ suggestedName, contentType, content }: OfferedFile, signal: AbortSignal): Promise<string> {
    const { downloads, downloadBytes } = recordingLimits;
    if (++this.#downloads > downloads) throw tooMuch(`The page offered more than ${downloads} files.`);
    const temporary = this.unfinished();
    try {
      await pipeline(content, atMost(downloadBytes), createWriteStream(temporary, { mode: 0o600 }), { signal });
      this.#demandRoom((await stat(temporary)).size);
      return await this.take({ name: this.#freeName(suggestedName), kind: Artifact_Kind.DOWNLOAD, contentType }, temporary);
    } catch (thrown) {
      await rm(temporary, { force: true });
      throw thrown;
    }
  }

  /** Answers a path in the folder for a file that is not whole yet: nobody takes it from there. */
  unfinished(): string {
    return join(this.#folder, `.unfinished-${++this.#unfinished}`);
  }

  /** Answers where a file of this name belongs, for somebody else to write it. */
  place(name: string): { readonly name: string; readonly path: string } {
    const own = this.#attempt > 1 ? numbered(name, this.#attempt) : name;
    return { name: own, path: join(this.#folder, own) };
  }

  /** Notes a file that was written to its place. */
  add(file: RunFile): void {
    this.#files.set(file.name, file);
  }

  /** How many files there was no room for. */
  get refused(): number {
    return this.#refused;
  }

  /** All the files so far, in the order they came. */
  get all(): readonly RunFile[] {
    return [...this.#files.values()];
  }

  /** Answers a file with its size and hash, as events announce it. Rejects when it cannot be read. */
  async describe(file: RunFile): Promise<ArtifactReady> {
    const path = join(this.#folder, file.name);
    const hash = createHash("sha256");
    let sizeBytes = 0;
    for await (const chunk of createReadStream(path)) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
    return ArtifactReady.fromPartial({ ...file, sizeBytes, sha256: hash.digest("hex") });
  }

  /** Counts a file that is about to be kept, or that there is no room for it; the recordings have bounds of their own. */
  #takesRoom(sizeBytes: number): boolean {
    const { keptFiles, keptBytes } = recordingLimits;
    const hasRoom = this.#files.size < keptFiles && this.#bytes + sizeBytes <= keptBytes;
    if (hasRoom) this.#bytes += sizeBytes;
    else this.#refused++;
    return hasRoom;
  }

  #demandRoom(sizeBytes: number): void {
    const { keptFiles, keptBytes } = recordingLimits;
    if (!this.#takesRoom(sizeBytes)) throw tooMuch(`The run has as many files as it may: ${keptFiles}, or ${keptBytes / 1024 / 1024} MiB.`);
  }

  #freeName(suggested: string): string {
    const name = fileNameOf(this.#redact(suggested));
    const base = ownNames.test(name) ? `download-${name}` : name;
    const isTaken = (wanted: string) => this.#promised.has(wanted) || this.#files.has(this.place(wanted).name);
    for (let number = 1; ; number++) {
      const wanted = number === 1 ? base : numbered(base, number);
      if (isTaken(wanted)) continue;
      // Another may be on its way.
      this.#promised.add(wanted);
      return wanted;
    }
  }
}

function atMost(bytes: number) {
  return async function* (content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let total = 0;
    for await (const chunk of content) {
      total += chunk.byteLength;
      if (total > bytes) throw tooMuch(`The file is larger than ${bytes / 1024 / 1024} MiB.`);
      yield chunk;
    }
  };
}

function tooMuch(message: string): Fault {
  return new Fault("ACTION_FAILED", { message });
}
