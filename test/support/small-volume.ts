import { execFile } from "node:child_process";
import { mkdir, mkdtemp, open, rm, rmdir, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestContext } from "vitest";

const run = promisify(execFile);

/** A file system of its own, small enough to be filled. Dispose it: it is unmounted and gone. */
export interface SmallVolume extends AsyncDisposable {
  /** A folder on it, for CLEW_VOLUME. */
  readonly folder: string;
  /** Writes a file until there is no room left, and answers its name. */
  fill(): Promise<string>;
  /** Bytes that may still be written. */
  free(): Promise<number>;
  /** Mounts it again, so that nothing, or all, of it may be written; nobody may have a file open for writing. */
  remount(how: "ro" | "rw"): Promise<void>;
}

/** Mounts a file system in memory. Where this machine does not let one be mounted, the test is skipped and says so; its variant with a disk that is made to fail is a unit test of the orchestrator. */
export async function mountSmallVolume(context: TestContext, sizeMiB: number): Promise<SmallVolume> {
  const at = await mkdtemp(join(tmpdir(), "clew-mount-"));
  try {
    await run("mount", ["-t", "tmpfs", "-o", `size=${sizeMiB}m`, "tmpfs", at]);
  } catch {
    await rmdir(at);
    context.skip("this machine lets this user mount no file system: supervisor/runs-volume.test.ts has the variant without one");
  }
  const folder = join(at, "volume");
  await mkdir(folder);
  let fillers = 0;
  return {
    folder,
    async fill() {
      fillers += 1;
      const name = join(at, `filler-${fillers}`);
      await using file = await open(name, "w");
      for (const size of [1024 * 1024, 4096, 1]) {
        const bytes = Buffer.alloc(size, 1);
        while (await file.write(bytes).then(() => true, isFull));
      }
      return name;
    },
    async free() {
      const { bavail, bsize } = await statfs(at);
      return bavail * bsize;
    },
    async remount(how) {
      await run("mount", ["-o", `remount,${how}`, at]);
    },
    async [Symbol.asyncDispose]() {
      await run("umount", ["--lazy", at]);
      await rm(at, { recursive: true, force: true });
    },
  };
}

function isFull(error: unknown): false {
  if (error instanceof Error && "code" in error && error.code === "ENOSPC") return false;
  throw error;
}
