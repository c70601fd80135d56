import { type FileHandle, open } from "node:fs/promises";
import type { CassetteExchange } from "./cassette-line.ts";
import { mostCassetteBytes } from "./cassette-player.ts";

/** Writes down what models answered, in the order in which they were asked. Dispose it to close its file. */
export class CassetteRecorder implements AsyncDisposable {
  readonly #file: FileHandle;
  #bytes: number;
  #last: Promise<void> = Promise.resolve();

  constructor(file: FileHandle, bytes: number) {
    this.#file = file;
    this.#bytes = bytes;
  }

  /**
   * Takes the place of an exchange that begins; the function that it answers writes it, once those before it are written or given up, and
   * answers whether the cassette is still whole.
   */
  begin(): (exchange: CassetteExchange | undefined) => Promise<boolean> {
    const before = this.#last;
    const written = Promise.withResolvers<void>();
    this.#last = written.promise;
    return async (exchange) => {
      await before;
      try {
        return exchange === undefined || (await this.#write(exchange));
      } finally {
        written.resolve();
      }
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #write(exchange: CassetteExchange): Promise<boolean> {
    const line = Buffer.from(`${JSON.stringify(exchange)}\n`);
    this.#bytes += line.byteLength;
    // One that is left out makes those after it useless: nothing fits beyond this.
    if (this.#bytes > mostCassetteBytes) return false;
    try {
      await this.#file.appendFile(line);
      return true;
    } catch {
      this.#bytes = mostCassetteBytes;
      return false;
    }
  }
}

/** Begins a new cassette at a path. */
export async function recordCassette(path: string, header: Readonly<Record<string, unknown>>): Promise<CassetteRecorder> {
  const file = await open(path, "w", 0o600);
  const line = `${JSON.stringify({ cassette: 1, ...header })}\n`;
  await file.appendFile(line);
  return new CassetteRecorder(file, Buffer.byteLength(line));
}
