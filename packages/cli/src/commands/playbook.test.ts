import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClew } from "@clew/client";
import { expect, test } from "vitest";
import { answer, startStubGateway } from "../../../../test/support/stub-gateway.ts";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import type { Output } from "../output.ts";
import { checkPlaybooksCommand, showPlaybookCommand } from "./playbook.ts";

const sha256 = "0".repeat(64);
const parameters = [
  { name: "order", type: "int", description: "which", required: true, secret: false, pattern: "" },
  { name: "token", type: "string", description: "", required: true, secret: true, pattern: "" },
];
const playbook = { id: "good", version: "2", sha256, description: "Does good.", parameters, problems: [], tags: ["a"], stepCount: 1 };
const problem = { playbook: "", field: "steps[0].selector", message: "is missing", line: 3, column: 5 };
const called = { playbook: "log-in", field: "steps[1].call", message: "calls 'x', and there is no such playbook", line: 2, column: 7 };

const kept = () => {
  const lines: string[] = [];
  const objects: unknown[] = [];
  const output: Output = {
    json: false,
    command: (words) => words,
    say: (line) => void lines.push(line),
    remark: () => {},
    emit: (value) => void objects.push(value),
    fail: () => {},
  };
  return { lines, objects, output };
};

test("check says of each file whether it can run, and what is wrong where", async () => {
  await using folder = await tempFolder();
  await using gateway = await startStubGateway({ events: [] });
  const [good, bad] = ["good.yaml", "bad.yaml"].map((name) => join(folder.path, name)) as [string, string];
  await Promise.all([writeFile(good, "id: good"), writeFile(bad, "id: bad")]);
  gateway.script(
    "POST /v1/playbooks/validate",
    answer(200, { valid: true, playbook, problems: [] }),
    answer(200, { valid: false, problems: [problem, called] }),
  );
  const { lines, objects, output } = kept();
  expect(await checkPlaybooksCommand(createClew({ url: gateway.url }), output, [good, bad])).toBe(2);
  expect(lines).toEqual([
    `${good}: 'good' can run.`,
    `${bad}:3:5: steps[0].selector is missing`,
    "log-in.yaml:2:7: steps[1].call calls 'x', and there is no such playbook",
  ]);
  expect(objects).toEqual([
    { name: good, valid: true, problems: [] },
    { name: bad, valid: false, problems: [problem, called] },
  ]);
  expect(gateway.seen.map(({ body }) => body)).toEqual(['{"source":"id: good"}', '{"source":"id: bad"}']);
});

test("show says what a playbook of the catalogue is, and how its parameters and secrets are given", async () => {
  await using gateway = await startStubGateway({ events: [] });
  gateway.script("GET /v1/playbooks/good", answer(200, playbook));
  const { lines, output } = kept();
  expect(await showPlaybookCommand(createClew({ url: gateway.url }), output, "good")).toBe(0);
  expect(lines).toEqual([
    "good 2  Does good.",
    "    1 step; tags: a",
    "    --param order=<int>  which",
    "    --credential token=@VARIABLE",
    `    sha256:${sha256}`,
  ]);
});

test("check goes on behind what is no playbook's file, and says why it is none", async () => {
  await using folder = await tempFolder();
  await using gateway = await startStubGateway({ events: [] });
  const [huge, good] = ["huge.yaml", "good.yaml"].map((name) => join(folder.path, name)) as [string, string];
  await Promise.all([writeFile(huge, "#".repeat(300_000)), writeFile(good, "id: good")]);
  gateway.script("POST /v1/playbooks/validate", answer(200, { valid: true, playbook, problems: [] }));
  const { lines, output } = kept();
  const names = ["missing.yaml", folder.path, huge, good];
  expect(await checkPlaybooksCommand(createClew({ url: gateway.url }), output, names)).toBe(2);
  expect(lines).toEqual([
    "missing.yaml: There is no file missing.yaml.",
    `${folder.path}: This is a folder; name the files in it.`,
    `${huge}: ${huge} is larger than 256 KiB.`,
    `${good}: 'good' can run.`,
  ]);
});
