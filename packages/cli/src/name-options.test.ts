import { RunSpecSchema } from "@clew/proto/connect/clew/run/v1/run_pb";
import { expect, it } from "vitest";
import { fieldOfOption, nameOption, nameOptions } from "./name-options.ts";
import { runHere } from "./run-here.fixture.ts";

it.each([
  ["timeoutSeconds", "--timeout (timeoutSeconds)"],
  ["spec.timeoutSeconds", "--timeout (timeoutSeconds)"],
  ["params.order_id", "--param order_id (params.order_id)"],
  ["credentials.password", "--credential password (credentials.password)"],
  ["guardrails.allowedPrivateHosts[1]", "--allow-private-host (guardrails.allowedPrivateHosts[1])"],
  ["files[0].name", "--file (files[0].name)"],
  ["Idempotency-Key", "--request-id (Idempotency-Key)"],
  ["recording.trace", "--no-trace (recording.trace)"],
  ["budget.maxSteps", "budget.maxSteps"],
  ["viewport.width", "viewport.width"],
  ["steps[0].params.url", "steps[0].params.url"],
  ["modelish", "modelish"],
])("a field is named with the option that gives it: %s", (field, said) => {
  expect(nameOption(field)).toBe(said);
});

it.each([
  ["Set waitForPersonSeconds, and answer.", "Set --wait-for-person (waitForPersonSeconds), and answer."],
  [
    "name it in guardrails.allowedPrivateHosts if it is meant",
    "name it in --allow-private-host (guardrails.allowedPrivateHosts) if it is meant",
  ],
  ["spec.model is unknown; spec.params.a is missing.", "--model (model) is unknown; --param a (params.a) is missing."],
  ["The model of the files, or CLEW_MODEL and xtimeoutSeconds.", "The model of the files, or CLEW_MODEL and xtimeoutSeconds."],
])("a sentence names options beside fields, and leaves plain words alone: %s", (text, said) => {
  expect(nameOptions(text)).toBe(said);
});

it("knows no option that there is not, and no field of a RunSpec that there is not", async () => {
  const helps = await Promise.all(["run", "stop", "answer", "stream"].map((command) => runHere([command, "--help"])));
  const options = new Set(helps.flatMap(({ out }) => out.match(/--[a-z-]+/g) ?? []));
  const roots = RunSpecSchema.fields.map(({ jsonName }) => jsonName);
  const others = ["requestId", "graceSeconds", "inputId", "types"];
  for (const [option, field] of Object.entries(fieldOfOption)) {
    expect(options).toContain(option);
    expect([...roots, ...others]).toContain(field.split(".")[0]);
  }
});
