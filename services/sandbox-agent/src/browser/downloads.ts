import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setInterval } from "node:timers/promises";
import { Fault } from "@clew/fault/fault";
import type { Redact } from "@clew/playbook/redact";
import { abortable } from "@clew/streams/abortable";
import { delay } from "@clew/streams/delay";
import type { Download, Page } from "playwright";
import type { Notices } from "./notices.ts";

const mebibyte = 1024 * 1024;

/** The most bytes that may lie in the browser's own folder: of all that is under way. */
const usualBytes = 100 * mebibyte;

/** How often that is looked at, in milliseconds. */
const lookMs = 200;

/** How long further files may be offered beside the first, in milliseconds. */
const besideMs = 500;

const contentType = "application/octet-stream";

/** Where downloads are kept. */
export interface DownloadFiles {
  /** Stores a file; answers the name it has there. Rejects with a Fault where it is too large, or one too many. */
  takeOffered(
    file: { readonly suggestedName: string; readonly contentType: string; readonly content: AsyncIterable<Uint8Array> },
    signal: AbortSignal,
  ): Promise<string>;
}

/** Files that are waited for: of a page and of those it opens. */
interface Awaited {
  readonly pages: ReadonlySet<Page>;
  readonly offer: (download: Download) => void;
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
  #awaited: Awaited | undefined;

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

  /** Keeps nothing any more: what begins by itself is cancelled. */
  leave(): void {
    this.#files = undefined;
    this.#signal = undefined;
  }

  /** Takes a download that has just begun. */
  take(download: Download): void {
    if (this.#awaited?.pages.has(download.page())) this.#awaited.offer(download);
    else this.#takeOwn(download);
  }

  /**
   * Answers the one download that a page, or a popup of it, begins; `begin` makes it. Rejects with ACTION_FAILED, naming them, where there are several
   * within half a second: those are kept like any that begin by themselves.
   */
  async next(page: Page, begin: () => Promise<unknown>, redact: Redact, signal: AbortSignal): Promise<Download> {
    const pages = new Set([page]);
    const offered: Download[] = [];
    const first = Promise.withResolvers<void>();
    const addPopup = (popup: Page) => pages.add(popup);
    page.on("popup", addPopup);
    this.#awaited = {
      pages,
      offer(download) {
        offered.push(download);
        first.resolve();
      },
    };
    try {
      await begin();
      await abortable(first.promise, signal);
      await delay(besideMs, { signal });
      const [only] = offered;
      if (only !== undefined && offered.length === 1) {
        offered.length = 0;
        return only;
      }
      const names = offered.map((download) => `'${redact(download.suggestedFilename())}'`).join(", ");
      throw new Fault("ACTION_FAILED", { message: `It is ambiguous which file is meant: ${offered.length} were offered, ${names}.` });
    } finally {
      page.off("popup", addPopup);
      this.#awaited = undefined;
      for (const download of offered) this.#takeOwn(download);
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

  #takeOwn(download: Download): void {
    const kept = this.#keepOwn(download).finally(() => this.#own.delete(kept));
    this.#own.add(kept);
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
