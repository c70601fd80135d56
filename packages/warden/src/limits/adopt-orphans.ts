import { readdirSync, readFileSync } from "node:fs";

const prSetChildSubreaper = 36;
const wNoHang = 1;

/** What this process is the parent of, since whose child it was is gone. */
export interface Orphans {
  /** Lets those that have ended go, but for the children that this process waits for itself: nobody else does. */
  reap(own: ReadonlySet<number>): void;
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
      reap(own) {
        for (const pid of endedChildren()) if (!own.has(pid)) functions.waitpid(pid, 0n, wNoHang);
      },
    };
  } catch {
    return undefined;
  }
}

function endedChildren(): number[] {
  return readdirSync("/proc").flatMap((name) => {
    const [state, parent] = /^\d+$/.test(name) ? stateOf(name) : [];
    return state === "Z" && parent === String(process.pid) ? [Number(name)] : [];
  });
}

function stateOf(pid: string): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}
