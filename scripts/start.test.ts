import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readProcess } from "@clew/process/process-tree";
import { expect, test } from "vitest";
import { tempFolder } from "../test/support/temp-folder.ts";
import { withoutSettings } from "./services.ts";

const main = fileURLToPath(new URL("start.ts", import.meta.url));

/** The processes that a process has started. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).map(Number).filter((entry) => entry > 0);
  return pids.filter((entry) => readProcess(entry)?.parentPid === pid);
}

test("leaves no service behind when it is killed without a word", { timeout: 60_000 }, async () => {
  await using volume = await tempFolder();
  const addresses = { CLEW_GATEWAY_ADDRESS: "127.0.0.1:0", CLEW_ORCHESTRATOR_ADDRESS: "127.0.0.1:0" };
  const env = { ...withoutSettings(process.env), ...addresses, CLEW_VOLUME: volume.path, CLEW_SANDBOX: "process" };
  const start = spawn(process.execPath, [main], { env, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [text] = await once(start.stdout.setEncoding("utf8"), "data", { signal: AbortSignal.timeout(40_000) });
    expect(text).toContain("Clew is ready.");
    const services = await childrenOf(start.pid ?? 0);
    expect(services).toHaveLength(2);
    start.kill("SIGKILL");
    await expect.poll(() => services.filter((pid) => readProcess(pid) !== undefined), { timeout: 15_000 }).toEqual([]);
  } finally {
    start.kill("SIGKILL");
  }
});
