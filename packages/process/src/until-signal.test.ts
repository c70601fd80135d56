import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { readProcess } from "./process-tree.ts";

const module = fileURLToPath(new URL("until-signal.ts", import.meta.url));
const program = `const { untilSignal } = await import(${JSON.stringify(module)}); const stays = setInterval(() => {}, 1000); const signal = untilSignal(); console.log("ready"); console.log(await signal); clearInterval(stays);`;
const run = ["--input-type=module", "-e", program];

it.each(["SIGTERM", "SIGINT"] as const)("answers %s, and then lets the process end, with a channel and without", async (signal) => {
  for (const channel of ["ignore", "ipc"] as const) {
    const child = spawn(process.execPath, run, { stdio: ["ignore", "pipe", "inherit", channel] });
    const lines: string[] = [];
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      lines.push(text.trim());
      if (text.includes("ready")) child.kill(signal);
    });
    expect(await once(child, "close")).toEqual([0, null]);
    expect(lines).toEqual(["ready", signal]);
  }
});

it("ends a process whose channel says that its parent is gone, though nobody could tell it", async () => {
  const parent = `import { spawn } from "node:child_process";
    const child = spawn(process.execPath, ${JSON.stringify(run)}, { detached: true, stdio: ["ignore", "pipe", "ignore", "ipc"] });
    child.stdout.once("data", () => console.log(child.pid)); setInterval(() => {}, 1000);`;
  const starter = spawn(process.execPath, ["--input-type=module", "-e", parent], { stdio: ["ignore", "pipe", "inherit"] });
  const [text] = await once(starter.stdout.setEncoding("utf8"), "data");
  const pid = Number(text);
  expect(readProcess(pid)).toBeDefined();
  starter.kill("SIGKILL");
  await expect.poll(() => readProcess(pid), { timeout: 10_000 }).toBeUndefined();
});

it("lets a process live whose input has ended and whose parent gave it no channel", async () => {
  const child = spawn(process.execPath, run, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end();
  await once(child.stdout, "data");
  const ended = once(child, "close");
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});
