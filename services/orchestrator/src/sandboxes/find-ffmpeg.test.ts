import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import { findFfmpeg } from "./find-ffmpeg.ts";

it("finds an ffmpeg that can be run: Playwright's beside its Chromium, then one of the path", async () => {
  await using folder = await tempFolder();
  const program = async (...names: readonly string[]) => {
    const path = join(folder.path, ...names);
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, "");
    return path;
  };
  const chromium = await program("browsers", "chromium-1", "chrome-linux", "chrome");
  const system = await program("bin", "ffmpeg");
  const find = () => findFfmpeg(chromium, join(folder.path, "bin"));
  expect(await find()).toBeUndefined();
  await chmod(system, 0o700);
  expect(await find()).toBe(system);
  const own = await program("browsers", "ffmpeg-1", "ffmpeg-linux");
  await chmod(own, 0o700);
  expect(await find()).toBe(own);
});
