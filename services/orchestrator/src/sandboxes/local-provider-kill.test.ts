import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createLogger } from "@clew/process/logger";
import { readBootId, readProcess } from "@clew/process/process-tree";
import { expect, it, vi } from "vitest";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import { createLocalProvider } from "./local-provider.ts";

it("ends a sandbox whose warden ends by itself just then", async () => {
  await using folder = await tempFolder();
  const child = spawn("/bin/sleep", ["100"]);
  await once(child, "spawn");
  const { pid = 0 } = child;
  const handle = {
    runId: `run-${"4".repeat(32)}`,
    attempt: 1,
    isolation: "process",
    wardenAddress: `unix:${join(folder.path, "sockets", "warden")}`,
    agentAddress: `unix:${join(folder.path, "sockets", "agent")}`,
    workFolder: join(folder.path, "work"),
    pid,
    startTime: readProcess(pid)?.startTime ?? "",
    bootId: readBootId(),
  } as const;
  const kill = vi.spyOn(process, "kill").mockImplementation((_pid, signal) => {
    if (signal !== "SIGKILL") return true;
    child.kill("SIGKILL");
    throw Object.assign(new Error("kill ESRCH"), { code: "ESRCH" });
  });
  const provider = createLocalProvider({
    volumeMark: "00c0ffee",
    secretOf: () => "",
    isolation: { kind: "process" },
    node: process.execPath,
    wardenPath: "",
    agentPath: "",
    chromium: { executablePath: "", sandbox: false },
    headless: true,
    adoptionGraceMs: 60_000,
    log: createLogger({ name: "test", level: "silent" }),
  });
  try {
    await provider.kill(handle);
    expect(kill).toHaveBeenCalledWith(pid, "SIGKILL");
  } finally {
    kill.mockRestore();
  }
});
