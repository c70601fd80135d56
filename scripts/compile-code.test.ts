import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findPrograms } from "@clew/orchestrator/sandboxes/find-programs";
import { enclose } from "@clew/warden/isolation/enclose";
import { expect, onTestFinished, test } from "vitest";
import { compileCode, compiledCode } from "./compile-code.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** All that an agent loads until it works, and what a warden loads while its sandbox starts. */
const programs = ["services/sandbox-agent/src/rehearse.ts", "packages/warden/src/rpc/serve-warden.ts"].map((path) => join(root, path));

test("a process in a sandbox, who is nobody on the machine, loads what was compiled ahead, all of it, and keeps nothing", {
  timeout: 180_000,
}, async () => {
  await compileCode(process.execPath);
  const find = findPrograms(root);
  const bundles = ["services/sandbox-agent/src/main.ts", "packages/warden/src/main.ts"].map(find);
  const folder = await mkdtemp(join(tmpdir(), "clew-compiled-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const readable = ["node_modules", "packages", "proto", "services/sandbox-agent"].map((path) => join(root, path));
  // A bundled program begins at once, and ends where nobody tells it what to do.
  const script = [
    ...programs.map((path) => `await import("${path}")`),
    ...bundles.map((path) => `await import("${path}").catch(() => {})`),
  ].join(";");
  const [bwrap, ...args] = await enclose({
    id: "compiled",
    command: [process.execPath, "--input-type=module", "-e", script],
    environment: { HOME: folder, NODE_COMPILE_CACHE: compiledCode, NODE_DEBUG_NATIVE: "COMPILE_CACHE" },
    readable: [process.execPath, ...readable],
    folders: [folder],
    limits: { threads: 500, fileBytes: 1_000_000 },
  });
  const running = promisify(execFile)(bwrap, args, { maxBuffer: 2 ** 26 });
  running.child.stdin?.end();
  const { stderr } = await running;
  expect(stderr).toMatch(/fault\.ts was accepted/);
  expect(stderr).toMatch(/sandbox-agent\/src\/main\.mjs was accepted/);
  expect(stderr).toMatch(/warden\/src\/main\.mjs was accepted/);
  expect(stderr).not.toMatch(/writing cache/);
});
