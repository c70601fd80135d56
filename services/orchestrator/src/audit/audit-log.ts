import { type FileHandle, mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@clew/process/logger";
import { delay } from "@clew/streams/delay";
import type { Audit, AuditEntry } from "./audit-entry.ts";
import { RefusedCalls } from "./refused-calls.ts";

/** Where the log lies, and what it may take. */
export interface AuditLogOptions {
  readonly folder: string;
  readonly logger: Logger;
  /** Bytes after which a file is followed by another. */
  readonly fileBytes?: number;
  /** Files that are kept: the oldest goes when there is one more. */
  readonly files?: number;
  /** Tells the time in milliseconds since the epoch. */
  readonly now?: () => number;
  /** Milliseconds before lines that could not be written are tried again. */
  readonly retryMs?: number;
}

interface AuditFile {
  readonly handle: FileHandle;
  readonly day: string;
  sizeBytes: number;
}

const name = /^(\d{4}-\d\d-\d\d)\.(\d{4})\.jsonl$/;
/** Lines that may wait to be written. */
const waitingMost = 10_000;

/**
 * The log of refused and of changing calls: lines of JSON in files that are only ever appended to, a new one each day and after 8 MiB, 64 of them
 * kept; of floods of refused calls the first, and how many there were. A volume that does not take them holds nothing up: lines wait in memory, and what finds no room there is counted in a later line.
 */
export class AuditLog implements Audit, AsyncDisposable {
  readonly #options: Required<AuditLogOptions>;
  readonly #ending = new AbortController();
  #lines: string[] = [];
  #lost = 0;
  readonly #refused = new RefusedCalls();
  #file: AuditFile | undefined;
  #writing: Promise<void> | undefined;
  #isFailing = false;

  constructor({ folder, logger, fileBytes = 8 * 1024 * 1024, files = 64, now = Date.now, retryMs = 1_000 }: AuditLogOptions) {
    this.#options = { folder, logger, fileBytes, files, now, retryMs };
  }

  note(entry: AuditEntry): void {
    const nowMs = this.#options.now();
    const time = new Date(nowMs).toISOString();
    for (const unlisted of this.#refused.turn(nowMs)) this.#add({ time, ...unlisted });
    if (this.#refused.isListed(entry)) this.#add({ time, ...entry });
  }

  /** Resolves once all that was noted is on the volume, or cannot be written now. */
  async [Symbol.asyncDispose](): Promise<void> {
    const time = new Date(this.#options.now()).toISOString();
    for (const unlisted of this.#refused.take()) this.#add({ time, ...unlisted });
    this.#ending.abort();
    await this.#writing;
    await this.#file?.handle.close().catch(() => {});
  }

  #add(line: object): void {
    if (this.#lines.length < waitingMost) this.#lines.push(`${JSON.stringify(line)}\n`);
    else this.#lost += 1;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#lines.length > 0) {
      const lines = this.#lines;
      this.#lines = [];
      try {
        await this.#write(lines.join(""));
        this.#isFailing = false;
      } catch (error) {
        if (!this.#isFailing) this.#options.logger.error({ error }, "audit log cannot be written; the service goes on");
        this.#isFailing = true;
        // What it did take of them is there twice: better than not at all.
        const kept = lines.slice(0, waitingMost - this.#lines.length);
        this.#lost += lines.length - kept.length;
        this.#lines.unshift(...kept);
        await this.#file?.handle.close().catch(() => {});
        this.#file = undefined;
        if (this.#ending.signal.aborted) return;
        await delay(this.#options.retryMs, { signal: this.#ending.signal }).catch(() => {});
        continue;
      }
      if (this.#lost === 0) continue;
      this.#lines.push(`${JSON.stringify({ time: new Date(this.#options.now()).toISOString(), lost: this.#lost })}\n`);
      this.#lost = 0;
    }
  }

  async #write(text: string): Promise<void> {
    const file = await this.#fileNow();
    await file.handle.appendFile(text);
    await file.handle.datasync();
    file.sizeBytes += Buffer.byteLength(text);
  }

  /** The file to write to: today's last, or another where that is full. */
  async #fileNow(): Promise<AuditFile> {
    const { folder, fileBytes, now } = this.#options;
    const day = new Date(now()).toISOString().slice(0, 10);
    const current = this.#file;
    if (current !== undefined && current.day === day && current.sizeBytes < fileBytes) return current;
    await current?.handle.close();
    this.#file = undefined;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const parts = (await readdir(folder)).flatMap((found) => (found.startsWith(day) ? Number(name.exec(found)?.[2] ?? 0) : []));
    const last = Math.max(1, ...parts);
    const found = await openEnd(join(folder, fileName(day, last)));
    if (found.sizeBytes < fileBytes) this.#file = { ...found, day };
    else {
      await found.handle.close();
      this.#file = { ...(await openEnd(join(folder, fileName(day, last + 1)))), day };
    }
    await this.#tidy();
    return this.#file;
  }

  async #tidy(): Promise<void> {
    const { folder, files } = this.#options;
    const found = (await readdir(folder)).filter((one) => name.test(one)).sort();
    for (const old of found.slice(0, Math.max(0, found.length - files))) await rm(join(folder, old), { force: true });
  }
}

function fileName(day: string, part: number): string {
  return `${day}.${String(part).padStart(4, "0")}.jsonl`;
}

/** Opens a file to append to it. A line that was cut short is ended, so that the next is one of its own. */
async function openEnd(path: string): Promise<{ readonly handle: FileHandle; readonly sizeBytes: number }> {
  const handle = await open(path, "a+", 0o600);
  try {
    const { size } = await handle.stat();
    const { buffer } = await handle.read(Buffer.alloc(1), 0, size === 0 ? 0 : 1, Math.max(0, size - 1));
    if (size > 0 && buffer.toString() !== "\n") await handle.appendFile("\n");
    return { handle, sizeBytes: size };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
