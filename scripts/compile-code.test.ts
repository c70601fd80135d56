import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { enclose } from "@clew/warden/isolation/enclose";
import { expect, onTestFinished, test } from "vitest";
import { compileCode, compiledCode } from "./compile-code.mjs";

test("a process in a sandbox, who is nobody on the machine, loads what was compiled ahead and keeps nothing", {
  timeout: 60_000,
}, async () => {
  compileCode(process.execPath);
  const folder = await mkdtemp(join(tmpdir(), "clew-compiled-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const fault = fileURLToPath(import.meta.resolve("@clew/fault/fault"));
  const [bwrap, ...args] = await enclose({
    id: "compiled",
    command: [process.execPath, fault],
    environment: { HOME: folder, NODE_COMPILE_CACHE: compiledCode, NODE_DEBUG_NATIVE: "COMPILE_CACHE" },
    readable: [process.execPath, fileURLToPath(new URL("../packages", import.meta.url)), compiledCode],
    folders: [folder],
    limits: { threads: 500, fileBytes: 1_000_000 },
  });
  const { stderr } = await promisify(execFile)(bwrap, args);
  expect(stderr).toMatch(/fault\.ts was accepted/);
  expect(stderr).not.toMatch(/writing cache/);
});
