import { Run } from "@clew/proto/grpc/clew/run/v1/run";
import { RunCreated } from "@clew/proto/grpc/clew/run/v1/run_event";
import { expect, it } from "vitest";
import { decodeBody, encodeBody } from "./event.ts";
import { applyEvent } from "./run.ts";

const at = (sequence: number, timeMs: number) => ({ runId: "run-1", sequence, attempt: 0, timeMs, resumeToken: `c1.${sequence}` });

it("gives a Run one time of creation and one of its end: the journal's", () => {
  const decided = Run.fromPartial({ id: "run-1", createTime: new Date(1), endTime: new Date(2) });
  const createdBody = encodeBody({ summary: "", payload: { $case: "runCreated", value: RunCreated.fromPartial({ run: decided }) } });
  const created = decodeBody(createdBody, at(1, 1_000));
  const afterCreated = applyEvent(undefined, created);
  const finishedBody = encodeBody({
    summary: "",
    payload: { $case: "runFinished", value: { run: { ...afterCreated.run, endTime: new Date(2) } } },
  });
  const finished = decodeBody(finishedBody, at(2, 2_000));
  const { run } = applyEvent(afterCreated, finished);
  expect(created.payload).toMatchObject({ value: { run: { createTime: new Date(1_000), lastSequence: 1, resumeToken: "c1.1" } } });
  expect(finished.payload).toMatchObject({ value: { run: { createTime: run.createTime, endTime: run.endTime, lastSequence: 2 } } });
  expect([run.createTime, run.endTime]).toEqual([new Date(1_000), new Date(2_000)]);
});

it("writes nothing of what the header says", () => {
  const bodies = [1, 2].map((n) =>
    encodeBody({
      summary: "",
      payload: {
        $case: "runCreated",
        value: RunCreated.fromPartial({ run: { createTime: new Date(n), lastSequence: n, resumeToken: `c1.${n}` } }),
      },
    }),
  );
  expect(bodies[0]).toEqual(bodies[1]);
});
