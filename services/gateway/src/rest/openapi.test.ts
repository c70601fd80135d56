import { RunService } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { expect, test } from "vitest";
import { readBindings } from "./bindings.ts";
import { toOpenApi } from "./openapi.ts";

const document = toOpenApi(readBindings(RunService), "1.2.3");
const text = JSON.stringify(document);

test("describes every method at its path", () => {
  const operations = [...text.matchAll(/"operationId":"(\w+)"/g)].map(([, id]) => id);
  expect(operations.toSorted()).toEqual(RunService.methods.map(({ localName }) => localName).toSorted());
  expect(document).toMatchObject({ openapi: "3.1.0", info: { version: "1.2.3" } });
});

test("refers to nothing that is not there", () => {
  expect(document).toHaveProperty(["components", "schemas", "RunEvent"]);
  const names = [...text.matchAll(/"#\/components\/schemas\/([\w.]+)"/g)].map(([, name]) => name ?? "");
  expect(names).toContain("Run");
  for (const name of new Set(names)) expect(document).toHaveProperty(["components", "schemas", name]);
});

test("takes a RunSpec and answers a Run", () => {
  expect(document).toHaveProperty(
    ["paths", "/v1/runs", "post", "requestBody", "content", "application/json", "schema", "$ref"],
    "#/components/schemas/RunSpec",
  );
  expect(document).toHaveProperty(
    ["paths", "/v1/runs", "post", "responses", "201", "content", "application/json", "schema", "$ref"],
    "#/components/schemas/Run",
  );
  expect(document).toHaveProperty(
    ["components", "schemas", "Run", "required"],
    expect.arrayContaining(["id", "state", "unconfirmedActions"]),
  );
  expect(document).not.toHaveProperty(["components", "schemas", "RunSpec", "required"]);
  expect(document).toHaveProperty([
    "paths",
    "/v1/runs/{runId}/stop",
    "post",
    "requestBody",
    "content",
    "application/json",
    "schema",
    "properties",
    "graceSeconds",
  ]);
  expect(document).not.toHaveProperty([
    "paths",
    "/v1/runs/{runId}/stop",
    "post",
    "requestBody",
    "content",
    "application/json",
    "schema",
    "properties",
    "runId",
  ]);
});
