import { access, constants, readdir } from "node:fs/promises";
import { delimiter, dirname, join, resolve } from "node:path";
import { sandboxPath } from "./prove-isolation.ts";

/** Finds the ffmpeg that sandboxes make videos with, where their agent looks: beside Playwright's own Chromium, and in the folders of programs. */
export async function findFfmpeg(chromiumPath: string, searchPath: string = sandboxPath): Promise<string | undefined> {
  const browsers = resolve(dirname(chromiumPath), "..", "..");
  const own = (await readdir(browsers).catch(() => [])).filter((name) => name.startsWith("ffmpeg-"));
  const places = [
    ...own.map((name) => join(browsers, name, "ffmpeg-linux")),
    ...searchPath.split(delimiter).map((folder) => join(folder, "ffmpeg")),
  ];
  const found = await Promise.all(
    places.map((place) =>
      access(place, constants.X_OK).then(
        () => [place],
        () => [],
      ),
    ),
  );
  return found.flat()[0];
}
