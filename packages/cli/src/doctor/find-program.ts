import { access, constants } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** What a process was told by whoever started it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Finds a program by any of these names in the folders that programs are looked for in; undefined where there is none. */
export async function findOnPath({ PATH = "" }: Environment, names: readonly string[]): Promise<string | undefined> {
  const folders = PATH.split(delimiter).filter((folder) => folder !== "");
  return await firstExecutable(names.flatMap((name) => folders.map((folder) => join(folder, name))));
}

/** The folder that Playwright installs browsers and ffmpeg in. */
export function playwrightFolder({ PLAYWRIGHT_BROWSERS_PATH: named, LOCALAPPDATA }: Environment): string {
  if (named !== undefined && named !== "" && named !== "0") return named;
  if (process.platform === "darwin") return join(homedir(), "Library/Caches/ms-playwright");
  if (process.platform === "win32") return join(LOCALAPPDATA ?? homedir(), "ms-playwright");
  return join(homedir(), ".cache/ms-playwright");
}

/** The first of these files that may be executed. */
export async function firstExecutable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const isExecutable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isExecutable) return path;
  }
  return undefined;
}
