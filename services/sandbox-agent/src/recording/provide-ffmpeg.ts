import { access, constants, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";

/** Where an ffmpeg may be. */
export interface FfmpegPlaces {
  /** The Chromium that runs: where it is Playwright's own, its ffmpeg lies beside it. */
  readonly chromiumPath: string;
  /** The folders that programs are looked for in. */
  readonly searchPath: readonly string[];
}

/**
 * Makes an ffmpeg known to Playwright, which takes none but its own, in its own folder below the home: links it there under the name Playwright expects.
 * Answers whether there is one.
 */
export async function provideFfmpeg(places: FfmpegPlaces): Promise<boolean> {
  const folder = join(homedir(), ".cache", "ms-playwright", `ffmpeg-${await ffmpegRevision()}`);
  const link = join(folder, "ffmpeg-linux");
  if (await isExecutable(link)) return true;
  const found = await findFfmpeg(places);
  if (found === undefined) return false;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await symlink(found, link);
  await writeFile(join(folder, "INSTALLATION_COMPLETE"), "");
  return true;
}

async function findFfmpeg({ chromiumPath, searchPath }: FfmpegPlaces): Promise<string | undefined> {
  // <browsers>/chromium-1234/chrome-linux/chrome
  const browsers = resolve(dirname(chromiumPath), "..", "..");
  const own = (await readdir(browsers).catch(() => [])).filter((name) => name.startsWith("ffmpeg-"));
  const candidates = [...own.map((name) => join(browsers, name, "ffmpeg-linux")), ...searchPath.map((folder) => join(folder, "ffmpeg"))];
  for (const candidate of candidates) if (await isExecutable(candidate)) return candidate;
  return undefined;
}

/** The revision that Playwright looks for, by its own list. */
async function ffmpegRevision(): Promise<string> {
  const playwright = createRequire(import.meta.url).resolve("playwright/package.json");
  const core = dirname(createRequire(playwright).resolve("playwright-core/package.json"));
  const { browsers }: { browsers: { name: string; revision: string }[] } = JSON.parse(await readFile(join(core, "browsers.json"), "utf8"));
  return browsers.find(({ name }) => name === "ffmpeg")?.revision ?? "";
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
