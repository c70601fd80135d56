import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import { abortable } from "@clew/streams/abortable";
import type { BrowserContext, Page } from "playwright";
import { recordingLimits } from "./recording-limits.ts";
import type { RunFiles } from "./run-files.ts";

const mebibyte = 1024 * 1024;
const framesPerSecond = 10;
const most = { width: 1_280, height: 720 } as const;
const lookMs = 2_000;
const stopMs = 10_000;

/** What videos are made with. */
export interface VideosOptions {
  readonly files: RunFiles;
  /** For videos that are not whole yet. */
  readonly folder: string;
  /** Where Playwright writes while it records. */
  readonly rawFolder: string;
  readonly viewport: { readonly width: number; readonly height: number };
}

interface Video {
  readonly name: string;
  readonly path: string;
  /** What Playwright writes it to; unknown where it began no file. */
  readonly raw: string | undefined;
  readonly startedAt: number;
  readonly startTime: Date;
  readonly hasStopped: boolean;
}

/** A video that is not there, and why. */
export interface MissingVideo {
  readonly name: string;
  readonly reason: string;
}

/** The most missing videos that are told of. */
const mostMissing = 50;

/**
 * The videos of a run, one of each page, popups and new tabs included: `video-1.webm`, … in the order the pages opened. Of more than ten pages, and beyond
 * 256 MiB, none is made; what is missing has its reason.
 */
export class Videos {
  readonly #context: BrowserContext;
  readonly #options: VideosOptions;
  readonly #videos = new Map<Page, Video>();
  readonly #onPage = (page: Page) => this.#begin(page);
  readonly #look: NodeJS.Timeout;
  #beginning: Promise<void> = Promise.resolve();
  readonly #missing: MissingVideo[] = [];
  #begun = 0;
  #isFull = false;

  private constructor(context: BrowserContext, options: VideosOptions) {
    this.#context = context;
    this.#options = options;
    this.#look = setInterval(() => void this.#stopWhenFull().catch(() => {}), lookMs);
  }

  /** Starts a video of each page there is, and of each that comes. Rejects where none can be made. */
  static async start(context: BrowserContext, options: VideosOptions): Promise<Videos> {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    const videos = new Videos(context, options);
    try {
      for (const page of context.pages()) await videos.#record(page);
    } catch (thrown) {
      clearInterval(videos.#look);
      throw thrown;
    }
    context.on("page", videos.#onPage);
    return videos;
  }

  /** Milliseconds since the video of a page began; absent where there is none. */
  offsetMs(page: Page): number | undefined {
    const video = this.#videos.get(page);
    return video && Math.round(performance.now() - video.startedAt);
  }

  /** When each video began, by its name. */
  get startTimes(): Readonly<Record<string, Date>> {
    return Object.fromEntries([...this.#videos.values()].map(({ name, startTime }) => [name, startTime]));
  }

  /** Those that were not made, or not kept: the first 50. */
  get missing(): readonly MissingVideo[] {
    return this.#missing;
  }

  /** Ends all videos and puts them among the run's files. Answers whether all of every page is there. */
  async store(): Promise<boolean> {
    this.#context.off("page", this.#onPage);
    clearInterval(this.#look);
    await this.#beginning;
    let kept = 0;
    for (const [page, video] of this.#videos) {
      if (!video.hasStopped) await this.#stop(page);
      const path = await whole(video);
      if (path === undefined) this.#miss(video.name, "its page showed nothing before it closed");
      else {
        await this.#options.files.take({ name: video.name, kind: Artifact_Kind.VIDEO, contentType: "video/webm" }, path);
        kept++;
      }
      if (video.raw !== undefined) await rm(video.raw, { force: true });
    }
    return !this.#isFull && kept === this.#begun;
  }

  #begin(page: Page): void {
    // One after the other, so that it is known which file is whose.
    this.#beginning = this.#beginning
      .then(() => this.#record(page))
      .catch(() => this.#miss(`video-${this.#begun}.webm`, "it could not be started: its page was gone already, or the browser refused"));
  }

  #miss(name: string, reason: string): void {
    if (this.#missing.length < mostMissing) this.#missing.push({ name, reason });
  }

  async #record(page: Page): Promise<void> {
    const name = `video-${++this.#begun}.webm`;
    if (this.#begun > recordingLimits.videos) return this.#miss(name, `at most ${recordingLimits.videos} are made`);
    if (this.#isFull) return this.#miss(name, `those before it have ${recordingLimits.videoBytes / mebibyte} MiB, which is the most`);
    const { folder, rawFolder, viewport } = this.#options;
    const path = join(folder, name);
    const before = await videosIn(rawFolder);
    const scale = Math.min(1, most.width / viewport.width, most.height / viewport.height);
    // The encoder wants even numbers.
    const even = (length: number) => Math.floor((length * scale) / 2) * 2;
    await page.screencast.start({ path, fps: framesPerSecond, size: { width: even(viewport.width), height: even(viewport.height) } });
    const [startedAt, startTime] = [performance.now(), new Date()];
    const after = await videosIn(rawFolder);
    const raw = after.find((file) => !before.includes(file));
    this.#videos.set(page, { name, path, raw: raw && join(rawFolder, raw), startedAt, startTime, hasStopped: false });
  }

  async #stop(page: Page): Promise<void> {
    const video = this.#videos.get(page);
    if (video === undefined) return;
    this.#videos.set(page, { ...video, hasStopped: true });
    await abortable(page.screencast.stop(), AbortSignal.timeout(stopMs)).catch(() => {});
  }

  async #stopWhenFull(): Promise<void> {
    const sizes = await Promise.all([...this.#videos.values()].map(({ raw }) => (raw === undefined ? 0 : sizeOf(raw))));
    if (sizes.reduce((sum, size) => sum + size, 0) < recordingLimits.videoBytes) return;
    this.#isFull = true;
    clearInterval(this.#look);
    for (const page of this.#videos.keys()) await this.#stop(page);
  }
}

async function videosIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith(".webm"));
}

/** Where a video lies that holds anything: Playwright copies it only where the page was still there at the end. */
async function whole({ path, raw }: Video): Promise<string | undefined> {
  if ((await sizeOf(path)) > 0) return path;
  return raw !== undefined && (await sizeOf(raw)) > 0 ? raw : undefined;
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
