import { spawn } from "node:child_process";
import { once } from "node:events";
import { readProcess } from "@clew/process/process-tree";
import { expect, onTestFinished, test } from "vitest";
import { endSandbox } from "./end-sandbox.ts";

test("ends what only its warden is the parent of, and then the warden, which starts nothing meanwhile", async () => {
  // A shell that starts another child whenever one has ended, in no group, no folder and no environment of the sandbox.
  const script = "while :; do setsid sleep 1000 & echo $!; wait; done";
  const warden = spawn("/bin/sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"], detached: true, env: { PATH: "/usr/bin:/bin" } });
  onTestFinished(() => void warden.kill("SIGKILL"));
  const pids: number[] = [];
  warden.stdout.on("data", (text) => pids.push(...String(text).trim().split("\n").map(Number)));
  await once(warden.stdout, "data");
  const ended = once(warden, "exit");
  expect(await endSandbox([warden.pid ?? 0], { id: "nobody", folder: "/nowhere" })).toEqual(expect.arrayContaining(pids));
  expect(await ended).toEqual([null, "SIGKILL"]);
  expect(pids).toHaveLength(1);
  expect(pids.map((pid) => readProcess(pid))).toEqual([undefined]);
});
