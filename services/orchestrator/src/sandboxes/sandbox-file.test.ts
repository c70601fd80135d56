import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@clew/process/logger";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemoryDisk } from "../journal/memory-disk.ts";
import { createLocalProvider } from "./local-provider.ts";
import { readSandboxFile, writeSandboxFile } from "./sandbox-file.ts";
import type { SandboxHandle } from "./sandbox-provider.ts";

const handle: SandboxHandle = {
  runId: "run-1",
  attempt: 1,
  isolation: "process",
  wardenAddress: "unix:/sockets/warden",
  agentAddress: "unix:/sockets/agent",
  workFolder: "/volume/work-1",
  pid: 4711,
  startTime: "12",
  bootId: "this boot",
};

describe("sandbox.json", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "clew-sandbox-file-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const find = () =>
    createLocalProvider({
      volumeMark: "00c0ffee",
      secretOf: () => "",
      isolation: { kind: "process" },
      node: process.execPath,
      wardenPath: "/nowhere",
      agentPath: "/nowhere",
      chromium: { executablePath: "/nowhere", sandbox: true },
      headless: true,
      adoptionGraceMs: 1_000,
      log: createLogger({ name: "test", level: "silent" }),
    }).find(folder);

  it("is read as it was last written, and nothing is left beside it", async () => {
    await writeSandboxFile(folder, handle);
    await writeSandboxFile(folder, { ...handle, attempt: 2 });
    expect(await readSandboxFile(folder)).toEqual({ ...handle, attempt: 2 });
    expect(await readdir(folder)).toEqual(["sandbox.json"]);
  });

  it("names no sandbox where it is absent", async () => {
    expect(await find()).toBeUndefined();
  });

  it.each(["", "{", "null", JSON.stringify({ ...handle, pid: "x" })])("is no absent one when it holds '%s'", async (text) => {
    await writeFile(join(folder, "sandbox.json"), text);
    await expect(find()).rejects.toMatchObject({ reason: "INTERNAL" });
  });

  it("is no absent one when it cannot be read", async () => {
    await mkdir(join(folder, "sandbox.json"));
    await expect(find()).rejects.toMatchObject({ code: "EISDIR" });
  });

  it("survives a loss of power once it is written", async () => {
    const disk = new MemoryDisk("/run");
    await writeSandboxFile("/run", handle, disk);
    disk.crash(() => false);
    expect(await disk.list("/run")).toEqual(["sandbox.json"]);
    expect(JSON.parse(disk.bytesOf("/run/sandbox.json").toString())).toEqual(handle);
  });

  it.each(["open", "write", "datasync", "rename"])("stays the one before when '%s' fails", async (failing) => {
    const disk = new MemoryDisk("/run");
    await writeSandboxFile("/run", handle, disk);
    disk.before = ({ name }) => {
      if (name === failing) throw new Error("the disk is away");
    };
    await expect(writeSandboxFile("/run", { ...handle, attempt: 2 }, disk)).rejects.toThrow("the disk is away");
    expect(await disk.list("/run")).toEqual(["sandbox.json"]);
    expect(JSON.parse(disk.bytesOf("/run/sandbox.json").toString())).toEqual(handle);
  });
});
