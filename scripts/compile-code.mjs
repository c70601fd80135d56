// @ts-check
// Plain JavaScript for Node 20 and newer, as all that runs before the project's own Node does.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundlePrograms } from "./bundle-programs.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Where Node keeps what it made of the project's code, so that its processes start in half the time. It lies with the packages, and goes with them. */
export const compiledCode = join(root, "node_modules/.cache/clew");

/** What is loaded by the processes that a service or a run needs, with what they load only once they run. */
const programs = [
  "services/sandbox-agent/src/start-browser.ts",
  "services/sandbox-agent/src/sandbox-agent.ts",
  "services/sandbox-agent/src/prepare-work.ts",
  "services/sandbox-agent/src/rehearse.ts",
  "services/sandbox-agent/src/agent/model/models-of.ts",
  "packages/warden/src/warden.ts",
  "packages/warden/src/rpc/serve-warden.ts",
  "services/orchestrator/src/orchestrator.ts",
  "services/gateway/src/gateway.ts",
];

/** The user that every process in a sandbox is to itself. */
const insideUser = "1000";

/**
 * Bundles the programs of the services and of a sandbox, and compiles ahead what they load, since a sandbox itself may write nothing for the next one. Does nothing where no code is newer.
 *
 * @param {string} node the project's own Node
 */
export async function compileCode(node) {
  const stamp = join(compiledCode, "compiled");
  const folders = readdirSync(join(root, "packages")).map((name) => join(root, "packages", name, "src"));
  const code = [
    ...["gateway", "orchestrator", "sandbox-agent"].map((name) => join(root, "services", name, "src")),
    join(root, "proto/gen"),
    join(root, "node_modules/.package-lock.json"),
    ...folders,
  ];
  if (existsSync(stamp) && code.every((path) => newest(path) < statSync(stamp).mtimeMs)) return;
  const bundles = await bundlePrograms().catch(() => undefined);
  const loaded = programs.map((program) => load(node, `await import(${JSON.stringify(join(root, program))})`));
  // A bundled program begins as soon as it is loaded, and ends at once: nobody tells a sandbox's what to do, and a service is told what it does not know.
  if (bundles !== undefined)
    loaded.push(load(node, `await Promise.allSettled(${JSON.stringify(bundles)}.map((path) => import(path)))`, { CLEW_ONLY_LOAD: "1" }));
  // Half of it is of use; but it is tried again where some did not load.
  if (bundles === undefined || loaded.includes(false)) return;
  lend();
  writeFileSync(stamp, "");
}

/** Has Node load code and keep what it made of it. @param {string} node @param {string} script @param {NodeJS.ProcessEnv} more @returns {boolean} whether it could */
function load(node, script, more = {}) {
  const options = ["--input-type=module", "-e", `${script}; process.exit(0)`];
  const env = { NODE_COMPILE_CACHE: compiledCode, ...more };
  return spawnSync(node, options, { cwd: root, env, stdio: "ignore" }).status === 0;
}

/** Lets sandboxes read it: they are nobody on the machine, and look for it under their own user's number. */
function lend() {
  chmodSync(compiledCode, 0o755);
  for (const own of readdirSync(compiledCode).filter((name) => name.endsWith(`-${process.getuid?.()}`))) {
    const folder = join(compiledCode, own);
    chmodSync(folder, 0o755);
    for (const name of readdirSync(folder)) if (/^[0-9a-f]+$/.test(name)) chmodSync(join(folder, name), 0o644);
    const inside = join(compiledCode, own.replace(/\d+$/, insideUser));
    if (!existsSync(inside)) symlinkSync(own, inside);
  }
}

/** When a file, or the newest in a folder, was changed: in milliseconds, 0 where there is none. @param {string} path @returns {number} */
function newest(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return stats?.mtimeMs ?? 0;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}
