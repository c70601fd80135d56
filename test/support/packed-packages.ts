import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { pack } from "../../scripts/pack.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

/** Packs what others install, and installs it into an empty folder that is nobody's workspace. */
export async function installPackedPackages(folder: string): Promise<void> {
  const tarballs = await pack(join(folder, "packs"));
  // The registry's packages come from the project's own installation, so that this needs no network.
  const others = new Set<string>();
  for (const tarball of tarballs) {
    const { stdout } = await run("tar", ["-xzOf", tarball, "package/package.json"]);
    for (const name of Object.keys(JSON.parse(stdout).dependencies)) if (!name.startsWith("@clew/")) others.add(name);
  }
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "somebody-elses", type: "module", private: true }));
  const args = [
    "install",
    "--offline",
    "--install-links",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    ...tarballs,
    ...[...others].map(installed),
  ];
  await run("npm", args, { cwd: folder });
}

/** Every Node there is to try: the project's own first, then those on the path that others would use. */
export async function findNodes(): Promise<readonly string[]> {
  const others = (process.env.PATH ?? "")
    .split(delimiter)
    .map((place) => join(place, "node"))
    .filter((path) => !path.includes("node_modules") && existsSync(path));
  const byVersion = new Map<string, string>();
  for (const path of [process.execPath, ...others]) {
    const { stdout: version } = await run(path, ["--version"]);
    if (!byVersion.has(version)) byVersion.set(version, path);
  }
  return [...byVersion.values()];
}

/** Where the project has a dependency installed: the client's own folder first. */
function installed(name: string): string {
  const own = join(root, "packages/client/node_modules", name);
  return existsSync(own) ? own : join(root, "node_modules", name);
}
