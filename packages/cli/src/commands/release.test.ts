import { createClew } from "@clew/client";
import { expect, it } from "vitest";
import { sampleRun, sampleRunId } from "../../../../test/support/sample-run.ts";
import { answer, startStubGateway } from "../../../../test/support/stub-gateway.ts";
import { exitCode } from "../exit-code.ts";
import { releaseCommand } from "./release.ts";

it("lets go of what a run left, and says so", async () => {
  await using gateway = await startStubGateway();
  gateway.script(`POST /v1/runs/${sampleRunId}/release`, answer(200, sampleRun({})));
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const output = { json: false, command: (words: string) => words, say, remark: say, emit() {}, fail() {} };
  expect(await releaseCommand(createClew({ url: gateway.url }), output, sampleRunId)).toBe(exitCode.done);
  expect(lines).toEqual(["Nothing is kept of it any more for runs that continue or fork: no browser, no session. Its record stays."]);
});
