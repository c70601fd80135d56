import { closeSync, openSync, writeSync } from "node:fs";

/** A log of lines of JSON, bounded in bytes. Each line is with the system once `write` returns, so that it outlives this process. Disposing it closes the file; later lines are left out. */
export class LogFile implements Disposable {
  #descriptor: number | undefined;
  #room: number;

  private constructor(descriptor: number, maxBytes: number) {
    this.#descriptor = descriptor;
    this.#room = maxBytes;
  }

  /** Makes the file. Its last line may say that it is full. */
  static open(path: string, maxBytes: number): LogFile {
    return new LogFile(openSync(path, "w", 0o600), maxBytes);
  }

  /** Writes a line. A disk that takes none ends the log. */
  write(entry: object): void {
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    this.#room -= line.length;
    this.#put(this.#room < 0 ? Buffer.from('{"full":true,"text":"The log is full; what came later is left out."}\n') : line);
    if (this.#room < 0) this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #put(bytes: Buffer): void {
    if (this.#descriptor === undefined) return;
    try {
      writeSync(this.#descriptor, bytes);
    } catch {
      this[Symbol.dispose]();
    }
  }
}
