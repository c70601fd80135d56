import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setInterval } from "node:timers/promises";
import { Fault } from "@clew/fault/fault";
import { abortable } from "@clew/streams/abortable";
import type { Download } from "playwright";
import type { Notices } from "./notices.ts";

const mebibyte = 1024 * 1024;

/** The most bytes that may lie in the browser's own folder: of all that is under way. */
const usualBytes = 100 * mebibyte;

/** How often that is looked at, in milliseconds. */
const lookMs = 200;

const contentType = "application/octet-stream";

/** Where downloads are kept. */
export interface DownloadFiles {
  /** Stores a file; answers the name it has there. Rejects with a Fault where it is too large, or one too many. */
  takeOffered(
    file: { readonly suggestedName: string; readonly contentType: string; readonly content: AsyncIterable<Uint8Array> },
    signal: AbortSignal,
  ): Promise<string>;
}

/** The downloads of all pages: those an action waits for, and those that begin by themselves, which are kept too. */
export class Downloads {
  readonly #folder: string;
  readonly #notices: Notices;
  readonly #mostBytes: number;
  /** Those that begin by themselves, each until it is kept. */
  readonly #own = new Set<Promise<void>>();
  #files: DownloadFiles | undefined;
  #signal: AbortSignal | undefined;
  #awaited: ((download: Download) => void) | undefined;

  constructor(folder: string, notices: Notices, mostBytes: number = usualBytes) {
    this.#folder = folder;
    this.#notices = notices;
    this.#mostBytes = mostBytes;
  }

  /** Keeps from now on what begins by itself; until then it is cancelled. When the signal aborts, so is what is under way. */
  keepIn(files: DownloadFiles, signal: AbortSignal): void {
    this.#files = files;
    this.#signal = signal;
  }

  /** Takes a download that has just begun. */
  take(download: Download): void {
    const awaited = this.#awaited;
    this.#awaited = undefined;
    if (awaited !== undefined) {
      awaited(download);
      return;
    }
    const kept = this.#keepOwn(download).finally(() => this.#own.delete(kept));
    this.#own.add(kept);
  }

  /** Answers the next download that begins; `begin` makes it. */
  async next(begin: () => Promise<unknown>, signal: AbortSignal): Promise<Download> {
    const { promise, resolve } = Promise.withResolvers<Download>();
    this.#awaited = resolve;
    try {
      await begin();
      return await abortable(promise, signal);
    } finally {
      if (this.#awaited === resolve) this.#awaited = undefined;
    }
  }

  /** Waits until a download is whole, and stores it; answers its name. When the signal aborts, it is cancelled at once. */
  async keep(download: Download, files: DownloadFiles, signal: AbortSignal, suggestedName = download.suggestedFilename()): Promise<string> {
    const ended = new AbortController();
    const bounded = this.#boundSize(ended.signal);
    try {
      const path = await abortable(Promise.race([download.path(), bounded]), signal).catch(async (thrown: unknown) => {
        void download.cancel().catch(() => {});
        signal.throwIfAborted();
        if (thrown instanceof Fault) throw thrown;
        throw new Fault("ACTION_FAILED", {
          message: `The download failed (${(await download.failure()) ?? "without saying why"}).`,
          cause: thrown,
        });
      });
      return await files.takeOffered({ suggestedName, contentType, content: createReadStream(path) }, signal);
    } finally {
      ended.abort();
      void download.delete().catch(() => {});
    }
  }

  /** Resolves once what began by itself is kept, after `ms` milliseconds, or when the signal aborts. */
  async finish(ms: number, signal: AbortSignal): Promise<void> {
    const over = AbortSignal.any([signal, AbortSignal.timeout(ms)]);
    await abortable(Promise.allSettled(this.#own), over).catch(() => {});
  }

  async #keepOwn(download: Download): Promise<void> {
    const [files, signal] = [this.#files, this.#signal];
    if (files === undefined || signal === undefined) {
      void download.cancel().catch(() => {});
      return;
    }
    try {
      const name = await this.keep(download, files, signal);
      this.#notices.add(() => `the page offered a file, kept as ${name}`);
    } catch (thrown) {
      this.#notices.add(() => `the page offered a file that was not kept: ${Fault.from(thrown).message}`);
    }
  }

  /** Never resolves; rejects once too much lies in the folder. */
  async #boundSize(ended: AbortSignal): Promise<never> {
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    void this.#watchSize(ended).then(reject, () => {});
    return await promise;
  }

  async #watchSize(ended: AbortSignal): Promise<Fault> {
    for await (const _ of setInterval(lookMs, undefined, { signal: ended })) {
      const names = await readdir(this.#folder);
      const sizes = await Promise.all(
        names.map((name) =>
          stat(join(this.#folder, name)).then(
            ({ size }) => size,
            () => 0,
          ),
        ),
      );
      if (sizes.reduce((sum, size) => sum + size, 0) > this.#mostBytes) break;
    }
    return new Fault("ACTION_FAILED", { message: `What is being downloaded is larger than ${this.#mostBytes / mebibyte} MiB.` });
  }
}
