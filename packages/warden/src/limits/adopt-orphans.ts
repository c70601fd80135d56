import type { ProcessEntry } from "@clew/process/process-tree";

const prSetChildSubreaper = 36;
const wNoHang = 1;

/** What this process is the parent of, since whose child it was is gone. */
export interface Orphans {
  /** Lets those go that have ended, of all processes of the machine, but for the children that this process waits for itself: nobody else does. */
  reap(all: readonly ProcessEntry[], own: ReadonlySet<number>): void;
}

/**
 * Makes this process the parent of whatever its descendants leave behind, however well that hides: it cannot be nobody's child. Undefined where the
 * system, or this Node.js, does not allow it.
 */
export async function adoptOrphans(): Promise<Orphans | undefined> {
  try {
    const { dlopen } = await import("node:ffi");
    const { functions } = dlopen("libc.so.6", {
      prctl: { arguments: ["i32", "u64", "u64", "u64", "u64"], return: "i32" },
      waitpid: { arguments: ["i32", "u64", "i32"], return: "i32" },
    });
    if (functions.prctl(prSetChildSubreaper, 1n, 0n, 0n, 0n) !== 0) return undefined;
    return {
      reap(all, own) {
        for (const { pid, parentPid, hasEnded } of all)
          if (hasEnded && parentPid === process.pid && !own.has(pid)) functions.waitpid(pid, 0n, wNoHang);
      },
    };
  } catch {
    return undefined;
  }
}
