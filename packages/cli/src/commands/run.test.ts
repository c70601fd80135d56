import { createClew } from "@clew/client";
import { expect, test } from "vitest";
import { startStubGateway } from "../../../../test/support/stub-gateway.ts";
import type { Output } from "../output.ts";
import { type RunOptions, runCommand } from "./run.ts";

const silent: Output = { json: true, command: (words) => words, say() {}, remark() {}, emit() {}, fail() {} };
const nothing: RunOptions = { param: [], credential: [], label: [], allowPrivateHost: [], file: [], dryRun: true };

test("a directive is sent in the place of a playbook, with the steps an agent may take", async () => {
  await using gateway = await startStubGateway();
  const options = { ...nothing, directive: "Cancel it", maxSteps: "9" };
  expect(await runCommand(createClew({ url: gateway.url }), silent, undefined, options)).toBe(0);
  expect(JSON.parse(gateway.seen[0]?.body ?? "")).toEqual({ directive: "Cancel it", maxSteps: 9 });
});
