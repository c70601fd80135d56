import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClew } from "@clew/client";
import { expect, test } from "vitest";
import { sampleRunId } from "../../../../test/support/sample-run.ts";
import { answer, startStubGateway } from "../../../../test/support/stub-gateway.ts";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import type { Output } from "../output.ts";
import { applyPlaybookCommand } from "./apply-playbook.ts";

const before = "id: note\nsteps:\n  - { action: click, selector: '#save' }\n";
const proposed = "# Step 1 looks for another button.\nid: note\nsteps:\n  - { action: click, selector: '#store' }\n";

const artifact = (name: string) => ({ name, kind: "PLAYBOOK", contentType: "application/yaml", sizeBytes: 1, sha256: "", createTime: "" });

/** A gateway with a run that left these files, and what is said. */
async function room(...names: readonly string[]) {
  const gateway = await startStubGateway();
  const folder = await tempFolder();
  const lines: string[] = [];
  const output: Output = {
    json: false,
    command: (words) => words,
    say: (line) => void lines.push(line),
    remark: () => {},
    emit: () => {},
    fail: () => {},
  };
  for (let time = 0; time < 4; time++) {
    gateway.script(`GET /v1/runs/${sampleRunId}/artifacts`, answer(200, { artifacts: names.map(artifact) }));
    gateway.script(`GET /v1/runs/${sampleRunId}/artifacts/${names.at(-1)}`, (response) => void response.writeHead(200).end(proposed));
  }
  const file = join(folder.path, "note.yaml");
  return {
    lines,
    file,
    apply: (options = {}) =>
      applyPlaybookCommand(createClew({ url: gateway.url }), output, sampleRunId, file, { ask: undefined, ...options }),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test("a proposed playbook is written beside others where there is no such file", async () => {
  await using given = await room("trace.zip", "proposed-playbook.yaml");
  expect(await given.apply()).toBe(0);
  expect(await readFile(given.file, "utf8")).toBe(proposed);
});

test("a file that is there is written over only after its difference was shown and somebody said yes", async () => {
  await using given = await room("proposed-playbook.yaml");
  await writeFile(given.file, before);
  expect(await given.apply()).toBe(2);
  expect(given.lines).toEqual([
    "+ # Step 1 looks for another button.",
    "  id: note",
    "  steps:",
    "-   - { action: click, selector: '#save' }",
    "+   - { action: click, selector: '#store' }",
  ]);
  expect(await given.apply({ ask: async () => "n" })).toBe(2);
  expect(await readFile(given.file, "utf8")).toBe(before);
  expect(await given.apply({ ask: async () => "y" })).toBe(0);
  expect(await readFile(given.file, "utf8")).toBe(proposed);
});

test("of several attempts the last one's proposal counts, and a run without one says so", async () => {
  await using several = await room("proposed-playbook.yaml", "proposed-playbook-2.yaml");
  expect(await several.apply({ yes: true })).toBe(0);
  await using none = await room("trace.zip");
  await expect(none.apply()).rejects.toMatchObject({ reason: "ARTIFACT_NOT_FOUND" });
});
