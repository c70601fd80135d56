import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { endProcesses, findProcesses, readProcess } from "@clew/process/process-tree";
import { expect, onTestFinished, test } from "vitest";

const module = fileURLToPath(new URL("adopt-orphans.ts", import.meta.url));
/** Starts what hides as well as it can, says its process id, and lets go of what has ended whenever it is told anything. */
const script = `
  const { adoptOrphans } = await import(${JSON.stringify(module)});
  const { readProcesses } = await import("@clew/process/process-tree");
  const { spawn } = await import("node:child_process");
  const orphans = await adoptOrphans();
  const child = spawn("/usr/bin/setsid", ["sh", "-c", "cd /; sleep 1000 & echo $!; exit 0"], { env: { PATH: "/usr/bin:/bin" }, stdio: ["ignore", "inherit", "ignore"], detached: true });
  process.stdin.on("data", () => { orphans.reap(readProcesses(), new Set([child.pid])); console.log("reaped"); });
`;

test("what hides from a process that adopts orphans is its child, and is found, ended and let go of", async () => {
  const warden = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void warden.kill("SIGKILL"));
  const pid = Number((await once(warden.stdout, "data"))[0]);
  onTestFinished(() => void (readProcess(pid) && process.kill(pid, "SIGKILL")));
  const marks = { id: "nobody", folder: "/nowhere" };
  await expect.poll(() => readProcess(pid)?.parentPid).toBe(warden.pid);
  expect(findProcesses(marks)).toEqual([]);
  expect(await endProcesses({ ...marks, adopter: warden.pid ?? 0 })).toContain(pid);
  expect(readProcess(pid)).toBeUndefined();
  expect(readProcess(warden.pid ?? 0)).toBeDefined();
  // Its parent has not asked for it yet.
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  warden.stdin.write("\n");
  await once(warden.stdout, "data");
  expect(existsSync(`/proc/${pid}`)).toBe(false);
});
