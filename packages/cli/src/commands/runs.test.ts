import { createClew, type Run } from "@clew/client";
import { expect, it } from "vitest";
import { sampleRun, sampleRunId } from "../../../../test/support/sample-run.ts";
import { answer, startStubGateway } from "../../../../test/support/stub-gateway.ts";
import { exitCode } from "../exit-code.ts";
import { createKeptOutput } from "../kept-output.fixture.ts";
import { stopCommand } from "./runs.ts";

const outcome = { summary: "Done.", extractedTexts: [], sessionMemory: "", truncated: false };

it.each<[what: string, run: Partial<Run>, options: { grace?: string }, remark: string | undefined]>([
  ["works", { state: "RUNNING" }, {}, "It is stopping: what it does now has 10 seconds to end."],
  ["works, within a time", { state: "RUNNING" }, { grace: "3" }, "It is stopping: what it does now has 3 seconds to end."],
  ["works, at once", { state: "RUNNING" }, { grace: "0" }, "It is being killed."],
  ["stores its recordings", { state: "FINALIZING", outcome }, {}, "Its outcome is known and stays as it is"],
  ["was over before", { state: "COMPLETED", outcome }, {}, "It was over before; nothing was there to stop."],
  ["waited in the queue", { state: "TERMINATED", outcome }, {}, undefined],
])("a wish to stop a run that %s is answered with what comes of it", async (_, run, options, remark) => {
  await using gateway = await startStubGateway();
  gateway.script(`POST /v1/runs/${sampleRunId}/stop`, answer(200, sampleRun(run)));
  const output = createKeptOutput();
  expect(await stopCommand(createClew({ url: gateway.url }), output, sampleRunId, options)).toBe(exitCode.done);
  expect(output.said[0]).toContain(`${sampleRunId}  ${run.state}`);
  expect(output.remarked).toEqual(remark === undefined ? [] : [expect.stringContaining(remark)]);
});
