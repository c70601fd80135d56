import { expect, it } from "vitest";
import { runNotFound } from "./run-not-found.ts";

const id = `run-${"0".repeat(32)}`;

it.each([
  [id, `The run ${id} does not exist.`, { runId: id }],
  ["nope", "There is no run 'nope': an id is run- and 32 digits of 0-9 and a-f.", { runId: "nope" }],
  ["../a b", "The run does not exist: an id is run- and 32 digits of 0-9 and a-f.", {}],
])("of several runs that were asked for, says of %j that it is the one", (runId, message, details) => {
  expect(runNotFound(runId)).toMatchObject({ reason: "RUN_NOT_FOUND", message, details });
});
