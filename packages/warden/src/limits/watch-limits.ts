import { delay } from "@clew/streams/delay";
import { findDescendants } from "./find-descendants.ts";
import { measureFolder } from "./measure-folder.ts";
import { measureMemory } from "./measure-memory.ts";

/** What a sandbox may take of the machine. */
export interface SandboxLimits {
  /** Of all its processes together, in bytes. */
  readonly memoryBytes: number;
  readonly processes: number;
  /** Of all its files together, in bytes. */
  readonly diskBytes: number;
}

/** Which limit was passed. */
export type Excess = "OUT_OF_MEMORY" | "TOO_MANY_PROCESSES" | "DISK_FULL";

/** What is watched, and who hears of it. */
export interface WatchedSandbox {
  /** Its first process. */
  readonly pid: number;
  /** Its folder on the disk. */
  readonly folder: string;
  readonly limits: SandboxLimits;
  /** Called once. */
  readonly onExcess: (excess: Excess) => void;
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

/** Looks every second what a sandbox takes of the machine, and says so once when it is more than it may. */
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
  for (let pauseMs = lookMs; ; ) {
    await delay(pauseMs, { signal });
    const began = performance.now();
    const excess = await look(watched, onMemory);
    signal.throwIfAborted();
    if (excess !== undefined) return watched.onExcess(excess);
    pauseMs = Math.max(lookMs, leastPause * (performance.now() - began));
  }
}

async function look({ pid, folder, limits }: WatchedSandbox, onMemory: (bytes: number) => void): Promise<Excess | undefined> {
  const pids = findDescendants(pid);
  if (pids.length > limits.processes) return "TOO_MANY_PROCESSES";
  const memoryBytes = measureMemory(pids, limits.memoryBytes);
  onMemory(memoryBytes);
  if (memoryBytes > limits.memoryBytes) return "OUT_OF_MEMORY";
  const { bytes, files } = await measureFolder(folder, { bytes: limits.diskBytes, files: mostFiles });
  return bytes > limits.diskBytes || files > mostFiles ? "DISK_FULL" : undefined;
}
