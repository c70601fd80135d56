import { delay } from "@clew/streams/delay";
import { measureFolders } from "./measure-folder.ts";
import { measureMemory } from "./measure-memory.ts";

/** What a sandbox may take of the machine. */
export interface SandboxLimits {
  /** Of all its processes together, in bytes. */
  readonly memoryBytes: number;
  readonly processes: number;
  /** Of all its files together, in bytes. */
  readonly diskBytes: number;
}

/** Which limit was passed, or that nobody can say any more whether one was. */
export type Excess = "OUT_OF_MEMORY" | "TOO_MANY_PROCESSES" | "DISK_FULL" | "UNWATCHED";

/** What is watched, and who hears of it. */
export interface WatchedSandbox {
  /** Finds its processes. */
  readonly findPids: () => readonly number[];
  /** Where it may write on the disk. */
  readonly folders: readonly string[];
  readonly limits: SandboxLimits;
  /** Whether the kernel keeps it from more memory than it may have; nobody knows unless given. */
  readonly lacksMemory?: (() => boolean) | undefined;
  /** Called once. */
  readonly onExcess: (excess: Excess) => void;
  /** Called each time nobody could look. */
  readonly onBlind: (error: unknown) => void;
}

/** A watch on what a sandbox takes. Dispose it to end that. */
export interface LimitsWatch extends Disposable {
  /** Bytes of memory its processes had at the last look; what they share may be counted more than once. */
  readonly memoryBytes: number;
}

/** Milliseconds between two looks. */
const lookMs = 1_000;
/** A look takes at most this part of the time. */
const leastPause = 10;
/** Files beyond which the disk counts as full: each takes a place in the file system, whatever its size. */
const mostFiles = 100_000;

/** So many looks in a row may fail. */
const mostBlind = 2;

/** Looks every second what a sandbox takes of the machine, and says so once when it is more than it may, or when three looks in a row fail. */
export function watchLimits(watched: WatchedSandbox): LimitsWatch {
  const ending = new AbortController();
  let memoryBytes = 0;
  const onMemory = (bytes: number) => {
    memoryBytes = bytes;
  };
  void watch(watched, onMemory, ending.signal).catch(() => {});
  return {
    get memoryBytes() {
      return memoryBytes;
    },
    [Symbol.dispose]: () => ending.abort(),
  };
}

async function watch(watched: WatchedSandbox, onMemory: (bytes: number) => void, signal: AbortSignal): Promise<void> {
  for (let [pauseMs, blind] = [lookMs, 0]; ; ) {
    await delay(pauseMs, { signal });
    const began = performance.now();
    let excess: Excess | undefined;
    try {
      excess = await look(watched, onMemory);
      blind = 0;
    } catch (error) {
      if (!signal.aborted) watched.onBlind(error);
      if (++blind > mostBlind) excess = "UNWATCHED";
    }
    signal.throwIfAborted();
    if (excess !== undefined) return watched.onExcess(excess);
    pauseMs = Math.max(lookMs, leastPause * (performance.now() - began));
  }
}

async function look(watched: WatchedSandbox, onMemory: (bytes: number) => void): Promise<Excess | undefined> {
  const { findPids, folders, limits, lacksMemory } = watched;
  if (lacksMemory?.() === true) return "OUT_OF_MEMORY";
  const pids = findPids();
  if (pids.length > limits.processes) return "TOO_MANY_PROCESSES";
  const memoryBytes = measureMemory(pids, limits.memoryBytes);
  onMemory(memoryBytes);
  if (memoryBytes > limits.memoryBytes) return "OUT_OF_MEMORY";
  const { bytes, files } = await measureFolders(folders, { bytes: limits.diskBytes, files: mostFiles });
  return bytes > limits.diskBytes || files > mostFiles ? "DISK_FULL" : undefined;
}
