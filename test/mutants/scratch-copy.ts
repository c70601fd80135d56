import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readlink, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A copy of the project as it was last committed, to be broken. Disposing it removes it. */
export interface ScratchCopy extends AsyncDisposable {
  readonly folder: string;
  /** Applies a patch. @throws where it does not fit. */
  apply(patch: string): Promise<void>;
  /** Takes back all that was applied. */
  restore(): Promise<void>;
}

/** Makes a scratch copy: a worktree of its own, with the packages of `root` and its own workspaces. */
export async function makeScratchCopy(root: string): Promise<ScratchCopy> {
  const parent = await mkdtemp(join(tmpdir(), "clew-mutants-"));
  const folder = join(parent, "copy");
  const git = (...args: readonly string[]) => run("git", args, { cwd: folder });
  await run("git", ["worktree", "add", "--quiet", "--detach", folder, "HEAD"], { cwd: root });
  await linkPackages(join(root, "node_modules"), join(folder, "node_modules"));
  for (const workspace of ["packages/client"]) await linkNested(join(root, workspace), join(folder, workspace));
  return {
    folder,
    async apply(patch) {
      await git("apply", patch);
    },
    async restore() {
      await git("checkout", "--quiet", ".");
    },
    async [Symbol.asyncDispose]() {
      await run("git", ["worktree", "remove", "--force", folder], { cwd: root });
      await rm(parent, { recursive: true, force: true });
    },
  };
}

/** Links every package, but the project's own workspaces to those of the copy, and no compiled code. */
async function linkPackages(from: string, to: string): Promise<void> {
  await mkdir(join(to, "@clew"), { recursive: true });
  for (const name of await readdir(from)) if (![".cache", "@clew"].includes(name)) await symlink(join(from, name), join(to, name));
  for (const name of await readdir(join(from, "@clew"))) await symlink(await readlink(join(from, "@clew", name)), join(to, "@clew", name));
}

async function linkNested(from: string, to: string): Promise<void> {
  const names = await readdir(from);
  if (names.includes("node_modules")) await symlink(join(from, "node_modules"), join(to, "node_modules"));
}
