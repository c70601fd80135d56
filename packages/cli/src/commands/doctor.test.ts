import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClew } from "@clew/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { answer, startStubGateway } from "../../../../test/support/stub-gateway.ts";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import type { Output } from "../output.ts";
import { doctorCommand } from "./doctor.ts";

let temp: TempFolder;
beforeEach(async () => {
  temp = await tempFolder();
  const env = {
    CLEW_VOLUME: join(temp.path, "volume"),
    CLEW_CHROMIUM: join(temp.path, "no-chromium"),
    CLEW_SANDBOX: "process",
    CLEW_MODEL: "",
    CLEW_STATE_KEY: "",
    PLAYWRIGHT_BROWSERS_PATH: temp.path,
    PATH: temp.path,
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await temp[Symbol.asyncDispose]();
});

/** What a person is shown, and what a program is. */
async function doctor(url: string, key = "") {
  vi.stubEnv("CLEW_API_KEY", key);
  const lines: string[] = [];
  const found: unknown[] = [];
  const output: Output = {
    json: false,
    command: (words) => words,
    say: (line) => void lines.push(line),
    remark() {},
    emit: (finding) => void found.push(finding),
    fail() {},
  };
  const code = await doctorCommand(createClew({ url, patienceMs: 200, ...(key !== "" && { key }) }), output);
  const findings: { name: string; level: string }[] = JSON.parse(JSON.stringify(found));
  return { code, lines, levels: Object.fromEntries(findings.map(({ name, level }) => [name, level])) };
}

it("prints one line each with the fix, and fails where something will not work", async () => {
  await using gateway = await startStubGateway({ key: "secret" });
  vi.stubEnv("CLEW_ORCHESTRATOR_ADDRESS", gateway.url.slice("http://".length));
  const { code, levels } = await doctor(gateway.url, "wrong");
  const machine = { node: "ok", chromium: "bad", ffmpeg: "note", volume: "note" };
  const services = { gateway: "ok", orchestrator: "ok", key: "bad" };
  expect(levels).toEqual({ ...machine, ...services, isolation: "note", models: "note", "state key": "note" });
  expect(code).toBe(1);
  vi.stubEnv("CLEW_ORCHESTRATOR_ADDRESS", "127.0.0.1:1");
  const { lines } = await doctor("http://127.0.0.1:1");
  expect(lines).toHaveLength(10);
  expect(lines[3]).toBe("note  gateway       nothing answers at http://127.0.0.1:1 → npm start; CLEW_URL says where it is looked for");
});

it("says of the service that answers how it isolates, which model it has and whether logins can be saved", async () => {
  await using gateway = await startStubGateway();
  const checks = [
    { name: "model", passed: true, message: "anthropic:small" },
    { name: "browser_state", passed: false, message: "No state key is configured." },
  ];
  const told = { valid: false, checks, warnings: [], configSummary: { isolation: "bubblewrap" } };
  gateway.script("POST /v1/runs/dry-run", answer(200, told));
  vi.stubEnv("CLEW_STATE_KEY", "a passphrase that this service does not have");
  const { lines } = await doctor(gateway.url);
  expect(lines).toContain("ok    isolation     bubblewrap, which the orchestrator proved when it started");
  expect(lines).toContain("ok    models        anthropic:small");
  expect(lines).toContainEqual(expect.stringMatching(/^note {2}state key {5}is not set: .* → CLEW_STATE_KEY=/));
});

it.each([
  ["is not there", undefined, /^BAD {3}isolation {5}bubblewrap is not installed/],
  [
    "makes no namespaces",
    "echo 'bwrap: No permissions to create new namespace' >&2; exit 1",
    /^BAD {3}isolation .* makes no namespaces here \(bwrap: No perm/,
  ],
  ["works", "exit 0", /^ok {4}isolation .* makes namespaces here; the orchestrator proves the rest when it starts$/],
])("looks itself whether bubblewrap works, where no service answers: it %s", async (_how, script, line) => {
  vi.stubEnv("CLEW_SANDBOX", "");
  if (script !== undefined) await writeFile(join(temp.path, "bwrap"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  await writeFile(join(temp.path, "ffmpeg"), "", { mode: 0o755 });
  const { lines } = await doctor("http://127.0.0.1:1");
  expect(lines).toContainEqual(expect.stringMatching(line));
  expect(lines).toContain(`ok    ffmpeg        ${join(temp.path, "ffmpeg")}`);
});
