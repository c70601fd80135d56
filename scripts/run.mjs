// @ts-check
// The door to every command of the project: sets up, then runs the command on the project's own Node.
// Plain JavaScript for Node 20 and newer: it runs before anything is installed.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileCode, compiledCode } from "./compile-code.mjs";
import { ChromiumSettingError } from "./find-chromium.mjs";
import { SetupError, setUp, setUpPrograms } from "./setup.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "node_modules", ".bin");
const node = join(bin, "node");

const vitest = ["vitest", "run"];

/** @type {NodeJS.Signals[]} */
const forwarded = ["SIGINT", "SIGTERM", "SIGHUP"];

/** The commands of each target, in order. @type {Record<string, (args: string[]) => string[][]>} */
const targets = {
  setup: () => [],
  test: (args) => [[...vitest, ...args]],
  demo: (args) => [[node, "scripts/demo.ts", ...args]],
  start: (args) => [[node, "scripts/start.ts", ...args]],
  "back-office": (args) => [[node, "examples/back-office/src/main.ts", ...args]],
  torture: (args) => [[node, "test/torture/torture.ts", ...args]],
  simulate: (args) => [[node, "test/simulation/main.ts", ...args]],
  mutants: (args) => [[node, "test/mutants/main.ts", ...args]],
  pack: (args) => [[node, "scripts/pack.ts", ...args]],
  bench: benches,
  check: (args) => [
    ["biome", "ci", "."],
    ["tsc", "-p", "tsconfig.json"],
    ["knip"],
    ["buf", "lint", "proto"],
    [node, "scripts/proto-check.ts"],
    // Whole services, and what takes the machine for itself, take longer than anybody waits between two commits: `test` runs those too.
    [...vitest, "--project", "unit", "--project", "conformance", ...args],
  ],
};

/** What is worth a try at keeping sandboxes apart. */
const startsSandboxes = new Set(["setup", "demo", "start", "test", "check", "bench", "torture"]);

process.exitCode = await main(process.argv.slice(2));

/** @param {string[]} argv @returns {Promise<number>} the exit code */
async function main([target = "", ...rest]) {
  const commands = targets[target];
  if (commands === undefined) {
    process.stderr.write(`There is no target '${target}'. There are: ${Object.keys(targets).join(", ")}.\n`);
    return 2;
  }
  const yes = rest.includes("--yes") || ["1", "true"].includes(process.env.CI ?? "");
  try {
    const chromium = await setUp({ root, env: process.env, yes });
    await compileCode(node);
    if (startsSandboxes.has(target)) await setUpPrograms("sandboxes", { root, env: process.env, yes });
    if (target === "test" || target === "check") await setUpPrograms("tests", { root, env: process.env, yes });
    if (target === "setup") process.stdout.write(`Ready. Chromium: ${chromium.path} (${chromium.source})\n`);
    const env = {
      ...process.env,
      PATH: `${bin}${delimiter}${process.env.PATH ?? ""}`,
      CLEW_CHROMIUM: chromium.path,
      NODE_COMPILE_CACHE: compiledCode,
      // 16 threads double the fsyncs of many journals at once.
      UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE ?? "16",
    };
    return await runAll(commands(rest.filter((arg) => arg !== "--yes")), env);
  } catch (error) {
    if (!(error instanceof SetupError || error instanceof ChromiumSettingError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

/** Runs commands one after the other, all of them, so that one run tells everything; the first bad exit code is the answer. @param {string[][]} commands @param {NodeJS.ProcessEnv} env */
async function runAll(commands, env) {
  let code = 0;
  /** @type {string[]} */
  const failed = [];
  for (const command of commands) {
    const name = command.map((part) => (part === node ? "node" : part)).join(" ");
    if (commands.length > 1) process.stdout.write(`\n> ${name}\n`);
    const { exitCode, interrupted } = await runOne(command, env);
    if (exitCode !== 0) {
      failed.push(name);
      code ||= exitCode;
    }
    if (interrupted) break;
  }
  if (commands.length > 1) process.stdout.write(failed.length === 0 ? "\nAll of it passed.\n" : `\nFailed: ${failed.join("; ")}\n`);
  return code;
}

/** @param {string[]} command @param {NodeJS.ProcessEnv} env @returns {Promise<{ exitCode: number, interrupted: boolean }>} */
function runOne([command = "", ...args], env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: "inherit" });
    let interrupted = false;
    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => {
      interrupted = true;
      // A terminal gives Ctrl-C to the whole group: the child has had it.
      if (signal === "SIGINT" && process.stdin.isTTY) return;
      child.kill(signal);
    };
    for (const signal of forwarded) process.on(signal, forward);
    // Whoever started this may be killed without a word; nothing goes on without its owner.
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid !== parent) forward("SIGHUP");
    }, 1_000);
    const done = () => {
      clearInterval(watch);
      for (const signal of forwarded) process.off(signal, forward);
    };
    child.once("error", (error) => {
      done();
      reject(error);
    });
    child.once("exit", (exitCode, signal) => {
      done();
      resolve({ exitCode: exitCode ?? 128 + (constants.signals[signal ?? "SIGTERM"] ?? 0), interrupted });
    });
  });
}

/**
 * The benchmarks that the first arguments name, each with the arguments after them; all there are where none is named.
 * @param {string[]} args @throws {SetupError} naming those there are
 */
function benches(args) {
  const names = readdirSync(join(root, "bench"))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.slice(0, -".ts".length));
  const end = args.findIndex((arg) => !names.includes(arg));
  const named = end < 0 ? args : args.slice(0, end);
  if (named.length === 0 && args.length > 0) throw new SetupError(`There is no benchmark '${args[0]}'. There are: ${names.join(", ")}.`);
  return (named.length > 0 ? named : names).map((name) => [node, join("bench", `${name}.ts`), ...args.slice(named.length)]);
}
