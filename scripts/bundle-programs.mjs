// @ts-check
// Plain JavaScript for Node 20 and newer, as all that runs before the project's own Node does.
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Where the bundles lie, beside what Node made of them. */
const folder = join(root, "node_modules/.cache/clew/programs");

/** The services, what every sandbox starts, and what proves that one isolates: each bundle lies under the path of its program, and `find-programs.ts` looks for it there. */
const programs = [
  "services/orchestrator/src/main",
  "services/gateway/src/main",
  "packages/warden/src/main",
  "packages/warden/src/prove",
  "services/sandbox-agent/src/main",
];

/** A sandbox that lives on may still load what it was started with. */
const keptMs = 7 * 24 * 3_600_000;

/**
 * Makes a few files of the hundreds that each program loads: to find, read and link so many takes as long as all else at its start. What is imported only
 * while it runs stays on its own. Beside them lies the list of the project's files that they were made of, each with when it was changed, in milliseconds.
 *
 * @returns {Promise<string[]>} the paths of the programs, and of all that they import
 */
export async function bundlePrograms() {
  const { build } = await import("esbuild");
  const beganAt = Date.now();
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: programs.map((program) => ({ in: join(root, `${program}.ts`), out: program })),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    target: "node26",
    legalComments: "none",
    // These find what belongs to them beside themselves.
    external: ["playwright", "playwright-core", "grpc-health-check", "@grpc/proto-loader", "@grpc/reflection"],
    // Packages that are not modules ask for what Node has.
    banner: { js: 'import{createRequire as requireOf}from"node:module";const require=requireOf(import.meta.url);' },
    logLevel: "silent",
  });
  // What a program imports is there before it is.
  const files = outputFiles.toSorted((a, b) => Number(isPart(b.path)) - Number(isPart(a.path)));
  for (const { path, contents } of files) write(path, contents);
  const inputs = Object.keys(metafile.inputs).filter((path) => !path.startsWith("node_modules/"));
  const changed = [...inputs, "node_modules/.package-lock.json"].map((path) => {
    const { mtimeMs } = statSync(join(root, path));
    // Of what was changed meanwhile nobody knows which it was.
    return [path, mtimeMs < beganAt ? mtimeMs : 0];
  });
  write(join(folder, "made-of.json"), JSON.stringify(Object.fromEntries(changed)));
  const paths = files.map(({ path }) => path);
  clearAway(new Set(paths));
  return paths;
}

/** @param {string} path */
function isPart(path) {
  return dirname(path) === folder;
}

/** All at once: a sandbox may start meanwhile. Sandboxes are nobody on the machine, and read it. @param {string} path @param {string | Uint8Array} content */
function write(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  for (let parent = dirname(path); parent.startsWith(folder); parent = dirname(parent)) chmodSync(parent, 0o755);
  const part = join(dirname(path), `.${process.pid}-${basename(path)}`);
  writeFileSync(part, content);
  chmodSync(part, 0o644);
  renameSync(part, path);
}

/** @param {Set<string>} made */
function clearAway(made) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name.endsWith(".mjs") && !made.has(path) && statSync(path).mtimeMs < Date.now() - keptMs) rmSync(path, { force: true });
  }
}
