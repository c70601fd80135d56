import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Core } from "./cores.ts";
import type { BenchOptions } from "./options.ts";
import { Part } from "./part.ts";
import type { Readers } from "./readers.ts";
import type { Handlers } from "./serve-part.ts";
import type { Source } from "./source.ts";

/** What a benchmark makes: folders and processes. Dispose it: all of it goes, the last first. */
export class BenchRoom implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.#stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  }

  static async open(name: string, { folder }: BenchOptions): Promise<BenchRoom> {
    return new BenchRoom(await mkdtemp(join(folder ?? tmpdir(), `clew-bench-${name}-`)));
  }

  /** Keeps what is to be disposed of with the room. */
  use<T extends AsyncDisposable>(what: T): T {
    return this.#stack.use(what);
  }

  /** Starts a part, by its file within `bench/`. */
  async part<H extends Handlers>(file: string, core: Core, args?: readonly string[]): Promise<Part<H>> {
    return this.use(await Part.start<H>(new URL(`../${file}`, import.meta.url), core, args));
  }

  /** Starts the readers, on the core that is not measured. */
  readers(): Promise<Part<Readers>> {
    return this.part("support/readers.ts", "client");
  }

  /** Starts the orchestrator that only says what it is asked to say, beside the readers. */
  source(): Promise<Part<Source>> {
    return this.part("support/source.ts", "client");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
