import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { enclose } from "@clew/warden/isolation/enclose";
import { expect, onTestFinished, test } from "vitest";
import { compileCode, compiledCode } from "./compile-code.mjs";

/** All that an agent loads until it works, and what a warden loads while its sandbox starts. */
const programs = ["services/sandbox-agent/src/rehearse.ts", "packages/warden/src/rpc/serve-warden.ts"];

test("a process in a sandbox, who is nobody on the machine, loads what was compiled ahead, all of it, and keeps nothing", {
  timeout: 180_000,
}, async () => {
  compileCode(process.execPath);
  const folder = await mkdtemp(join(tmpdir(), "clew-compiled-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const root = fileURLToPath(new URL("..", import.meta.url));
  const readable = ["node_modules", "packages", "proto", "services/sandbox-agent"].map((path) => join(root, path));
  const [bwrap, ...args] = await enclose({
    id: "compiled",
    command: [process.execPath, "--input-type=module", "-e", programs.map((path) => `await import("${join(root, path)}")`).join(";")],
    environment: { HOME: folder, NODE_COMPILE_CACHE: compiledCode, NODE_DEBUG_NATIVE: "COMPILE_CACHE" },
    readable: [process.execPath, ...readable],
    folders: [folder],
    limits: { threads: 500, fileBytes: 1_000_000 },
  });
  const { stderr } = await promisify(execFile)(bwrap, args, { maxBuffer: 2 ** 26 });
  expect(stderr).toMatch(/fault\.ts was accepted/);
  expect(stderr).not.toMatch(/writing cache/);
});
