import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { KnownSecrets } from "@clew/playbook/known-secrets";
import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import type { BrowserContext } from "playwright";
import type { RunFiles } from "./run-files.ts";
import { createScrub } from "./scrub.ts";
import { scrubZips } from "./scrub-zip.ts";

/** How long the first part is recorded; each later one twice as long as the one before, up to `most`. A run that is killed keeps the parts before. */
const usualPartMs = { first: 10_000, most: 60_000 } as const;

/** What Playwright records. */
const recorded = { screenshots: true, snapshots: true, sources: false } as const;

/** The contexts that are ready to be traced, and are not being traced yet. */
const ready = new WeakSet<BrowserContext>();

/** Does ahead all of a trace's start that takes time. Until `Trace.start` nothing of the context is recorded. */
export async function readyTrace(context: BrowserContext): Promise<void> {
  await context.tracing.start(recorded);
  await context.tracing.stopChunk();
  ready.add(context);
}

/** What a trace is made with. */
export interface TraceOptions {
  readonly files: RunFiles;
  /** For what Playwright writes before it is scrubbed. */
  readonly folder: string;
  readonly secrets: KnownSecrets;
  /** Milliseconds that the first part is recorded at least, and the longest; 10 s and 60 s unless given. */
  readonly partMs?: { readonly first: number; readonly most: number };
}

/**
 * A running trace. It is recorded in parts, each an archive of its own that holds no secrets once it lies among the run's files: `trace-1.zip`, `trace-2.zip`, …
 * At the end they become one, `trace.zip`.
 */
export class Trace {
  readonly startTime = new Date();
  readonly #startedAt = performance.now();
  readonly #context: BrowserContext;
  readonly #options: TraceOptions;
  #partSince = performance.now();
  #parts = 0;
  /** The parts that are scrubbed and in their place. */
  readonly #kept: string[] = [];
  #scrubbing: Promise<void> = Promise.resolve();
  #isResting = false;
  #isCut = false;

  private constructor(context: BrowserContext, options: TraceOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Starts Playwright's trace, with screenshots and snapshots. */
  static async start(context: BrowserContext, options: TraceOptions): Promise<Trace> {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    await (ready.delete(context) ? context.tracing.startChunk() : context.tracing.start(recorded));
    return new Trace(context, options);
  }

  /** Milliseconds since it began. */
  offsetMs(): number {
    return Math.round(performance.now() - this.#startedAt);
  }

  /** Ends a part and begins the next, where one is due. To be called between actions: what runs meanwhile is in neither. */
  async rest(): Promise<void> {
    const { first, most } = this.#options.partMs ?? usualPartMs;
    if (this.#isResting || performance.now() - this.#partSince < Math.min(most, first * 2 ** this.#parts)) return;
    this.#isResting = true;
    try {
      await this.#endPart();
      await this.#context.tracing.startChunk();
    } catch (thrown) {
      this.#isCut = true;
      throw thrown;
    } finally {
      this.#partSince = performance.now();
      this.#isResting = false;
    }
  }

  /** Ends it and stores `trace.zip` among the run's files, of all parts there are. Answers whether all of it is there; rejects when nothing is. */
  async store(): Promise<boolean> {
    await this.#endPart().catch(() => {
      this.#isCut = true;
    });
    await this.#scrubbing;
    const { files, secrets } = this.#options;
    const [first, ...others] = this.#kept;
    if (first === undefined) throw new Error("No part of the trace could be kept.");
    const file = { name: "trace.zip", kind: Artifact_Kind.TRACE, contentType: "application/zip" };
    if (others.length === 0) {
      await files.take(file, first);
    } else {
      const whole = files.unfinished();
      await scrubZips(mergedSources(this.#kept), whole, createScrub(secrets.values));
      await files.take(file, whole);
      await Promise.all(this.#kept.map((path) => rm(path, { force: true })));
    }
    return !this.#isCut;
  }

  /** Lets go of a context that goes on: whoever traces it next has nothing of this trace in his. */
  async leave(): Promise<void> {
    await this.#context.tracing.stop();
  }

  /** Scrubbing goes on while the next part is recorded. */
  async #endPart(): Promise<void> {
    const { folder, files, secrets } = this.#options;
    const number = ++this.#parts;
    const raw = join(folder, `part-${number}.zip`);
    await this.#context.tracing.stopChunk({ path: raw });
    this.#scrubbing = this.#scrubbing.then(async () => {
      try {
        const clean = files.unfinished();
        await scrubZips([{ path: raw, nameOf: (name) => name }], clean, createScrub(secrets.values));
        const { path } = files.place(`trace-${number}.zip`);
        await rename(clean, path);
        this.#kept.push(path);
      } catch {
        this.#isCut = true;
      } finally {
        await rm(raw, { force: true });
      }
    });
  }
}

/** Playwright opens an archive of several traces as one, each under a prefix of its own. The network's log goes on through all parts: the last has all of it. */
function mergedSources(parts: readonly string[]) {
  return parts.toReversed().map((path, index) => {
    const prefix = parts.length - index;
    const nameOf = (name: string) => {
      if (name === "trace.network" && index > 0) return undefined;
      return name.startsWith("trace.") ? `${prefix}-${name}` : name;
    };
    return { path, nameOf };
  });
}
