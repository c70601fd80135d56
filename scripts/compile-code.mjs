// @ts-check
// Plain JavaScript for Node 20 and newer, as all that runs before the project's own Node does.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

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
 * Compiles ahead what a sandbox loads, since a sandbox itself may write nothing for the next one. Does nothing where no code is newer.
 *
 * @param {string} node the project's own Node
 */
export function compileCode(node) {
  const stamp = join(compiledCode, "compiled");
  const folders = readdirSync(join(root, "packages")).map((name) => join(root, "packages", name, "src"));
  const code = [
    join(root, "services/sandbox-agent/src"),
    join(root, "proto/gen"),
    join(root, "node_modules/.package-lock.json"),
    ...folders,
  ];
  if (existsSync(stamp) && code.every((path) => newest(path) < statSync(stamp).mtimeMs)) return;
  const env = { NODE_COMPILE_CACHE: compiledCode };
  const loaded = programs.map((program) => {
    const script = `await import(${JSON.stringify(join(root, program))}); process.exit(0)`;
    return spawnSync(node, ["--input-type=module", "-e", script], { cwd: root, env, stdio: "ignore" }).status === 0;
  });
  // Half of it is of use; but it is tried again where some did not load.
  if (loaded.includes(false)) return;
  lend();
  writeFileSync(stamp, "");
}

/** Lets sandboxes read it: they are nobody on the machine, and look for it under their own user's number. */
function lend() {
  const [own] = readdirSync(compiledCode).filter((name) => name.endsWith(`-${process.getuid?.()}`));
  if (own === undefined) return;
  const folder = join(compiledCode, own);
  chmodSync(compiledCode, 0o755);
  chmodSync(folder, 0o755);
  for (const name of readdirSync(folder)) if (/^[0-9a-f]+$/.test(name)) chmodSync(join(folder, name), 0o644);
  const inside = join(compiledCode, own.replace(/\d+$/, insideUser));
  if (!existsSync(inside)) symlinkSync(own, inside);
}

/** When a file, or the newest in a folder, was changed: in milliseconds, 0 where there is none. @param {string} path @returns {number} */
function newest(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return stats?.mtimeMs ?? 0;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}
