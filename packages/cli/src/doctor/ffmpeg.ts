import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Finding } from "./check.ts";
import { type Environment, findOnPath, firstExecutable, playwrightFolder } from "./find-program.ts";

/** Looks for ffmpeg where the sandbox does: Playwright's own, the system's. */
export async function checkFfmpeg(env: Environment): Promise<Finding> {
  const name = "ffmpeg";
  const folder = playwrightFolder(env);
  const own = (await readdir(folder).catch(() => [])).filter((found) => found.startsWith("ffmpeg-"));
  const programs = ["ffmpeg-linux", "ffmpeg-mac", "ffmpeg-win64.exe"];
  const path =
    (await firstExecutable(own.flatMap((found) => programs.map((program) => join(folder, found, program))))) ??
    (await findOnPath(env, ["ffmpeg"]));
  if (path !== undefined) return { name, level: "ok", message: path };
  return {
    name,
    level: "note",
    message: "not found: no run records a video",
    fix: "npx playwright install ffmpeg, or the system's package",
  };
}
