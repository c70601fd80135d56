import { lstat, readlink } from "node:fs/promises";

/** A path of the machine as a sandbox has it: the same, readable only, or a link as it is outside. */
export type SystemPath = { readonly path: string } | { readonly path: string; readonly target: string };

/** Programs, libraries and fonts; of the configuration only what they cannot do without. */
const wanted = [
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/etc/alternatives",
  "/etc/chromium",
  "/etc/chromium.d",
  "/etc/fonts",
  "/etc/ld.so.cache",
  "/etc/localtime",
  "/etc/ssl/certs",
];

/** Finds what this machine has of what a browser needs. */
export async function systemPaths(): Promise<readonly SystemPath[]> {
  const found = await Promise.all(
    wanted.map(async (path): Promise<readonly SystemPath[]> => {
      const stats = await lstat(path).catch(() => undefined);
      if (stats === undefined) return [];
      return [stats.isSymbolicLink() ? { path, target: await readlink(path) } : { path }];
    }),
  );
  return found.flat();
}
