import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import { ArtifactReady } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";

/** A file of the run, by what it is. */
export interface RunFile {
  readonly name: string;
  readonly kind: Artifact_Kind;
  readonly contentType: string;
}

/** The files a run leaves behind: in one flat folder, from which they are pulled. Later attempts have their number in the names. */
export class RunFiles {
  readonly #folder: string;
  readonly #attempt: number;
  readonly #files = new Map<string, RunFile>();

  private constructor(folder: string, attempt: number) {
    this.#folder = folder;
    this.#attempt = attempt;
  }

  /** Opens the folder, and makes it where it is missing. */
  static async open(folder: string, attempt: number): Promise<RunFiles> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new RunFiles(folder, attempt);
  }

  /** Writes a file; answers the name it has in this attempt. */
  async write(file: RunFile, content: string | Uint8Array): Promise<string> {
    const { name, path } = this.place(file.name);
    await writeFile(path, content, { mode: 0o600 });
    this.add({ ...file, name });
    return name;
  }

  /** Answers where a file of this name belongs, for somebody else to write it. */
  place(name: string): { readonly name: string; readonly path: string } {
    const dot = name.lastIndexOf(".");
    const own = this.#attempt > 1 ? `${name.slice(0, dot)}-${this.#attempt}${name.slice(dot)}` : name;
    return { name: own, path: join(this.#folder, own) };
  }

  /** Notes a file that was written to its place. */
  add(file: RunFile): void {
    this.#files.set(file.name, file);
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
}
