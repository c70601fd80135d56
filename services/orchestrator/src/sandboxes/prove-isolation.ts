import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { compileCacheEnvironment } from "@clew/process/compile-cache";
import { SettingsError } from "@clew/process/settings";
import type { SandboxPrograms } from "./sandbox-programs.ts";

/** Milliseconds a proof may take in all. */
const proofMs = 20_000;

/** The search path of sandboxes. */
export const sandboxPath = "/usr/local/bin:/usr/bin:/bin";

/**
 * Proves that sandboxes enclosed by bubblewrap are isolated on this machine: starts a tiny one as all are started, and looks at it from within and from outside.
 * `hidden` are the files and folders that must not be seen from within, by the names they are complained of with.
 *
 * @throws SettingsError saying what is wrong, and which setting allows less.
 */
export async function demandIsolation(
  { node, provePath, readable }: SandboxPrograms,
  hidden: Readonly<Record<string, string>>,
): Promise<void> {
  const problem = await askProver([node, provePath], { node, path: sandboxPath, readable, hidden });
  if (problem === "") return;
  throw new SettingsError(
    `CLEW_SANDBOX: bubblewrap does not isolate here: ${problem}. Install or allow it (docs/isolation.md), or set CLEW_SANDBOX=process, which keeps runs from nothing on this machine`,
  );
}

/** Answers what the prover says is wrong; empty where nothing is. */
async function askProver([node, main]: readonly [string, string], proof: object): Promise<string> {
  const child = spawn(node, [main], {
    env: { PATH: sandboxPath, ...compileCacheEnvironment() },
    stdio: ["pipe", "pipe", "ignore"],
    timeout: proofMs,
    killSignal: "SIGKILL",
  });
  const code = new Promise<number | null>((resolve) => child.once("exit", resolve).once("error", () => resolve(null)));
  child.stdin.on("error", () => {}).end(JSON.stringify(proof));
  const said = await text(child.stdout);
  return (await code) === 0 ? said : "the proof could not be made";
}
