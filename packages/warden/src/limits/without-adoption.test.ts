import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { endProcesses, findProcesses, readProcess, sandboxVariable } from "@clew/process/process-tree";
import { expect, onTestFinished, test } from "vitest";

const module = fileURLToPath(new URL("adopt-orphans.ts", import.meta.url));
const mark = "0badcafe.warm-f1";
/** Starts what leaves its parent, its group and its session, in an environment with a sandbox's mark; says whether it could adopt it, and its process id. */
const script = `
  const { adoptOrphans } = await import(${JSON.stringify(module)});
  const { spawn } = await import("node:child_process");
  console.log(typeof (await adoptOrphans()));
  const env = { PATH: "/usr/bin:/bin", ${sandboxVariable}: ${JSON.stringify(mark)} };
  spawn("/usr/bin/setsid", ["sh", "-c", "cd /; sleep 1000 & echo $!; exit 0"], { env, stdio: ["ignore", "inherit", "ignore"], detached: true });
  process.stdin.resume();
`;

test("where Node.js cannot adopt orphans, a warden starts all the same, and what hides is ended by the mark it carries", async () => {
  const flags = ["--no-experimental-ffi", "--input-type=module", "-e", script];
  const warden = spawn(process.execPath, flags, { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void warden.kill("SIGKILL"));
  let said = "";
  while (!/\n\d+\n/.test(said)) said += String((await once(warden.stdout, "data"))[0]);
  const [adopts, id] = said.trim().split("\n");
  const pid = Number(id);
  onTestFinished(() => void (readProcess(pid) && process.kill(pid, "SIGKILL")));
  expect(adopts).toBe("undefined");
  const marks = { id: mark, folder: "/nowhere" };
  await expect.poll(() => findProcesses(marks).map((found) => found.pid), { timeout: 20_000 }).toEqual([pid]);
  expect(readProcess(pid)?.parentPid).not.toBe(warden.pid);
  expect(await endProcesses(marks)).toEqual([pid]);
  expect(readProcess(pid)).toBeUndefined();
});
