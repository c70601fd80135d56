import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type DescField, type DescMessage, fromBinary, type Message, ScalarType, toBinary, toJsonString } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { jsonOptions } from "@clew/gateway/hub/json-options";
import { fitRun } from "@clew/orchestrator/supervisor/fit-run";
import { formatRun } from "@clew/orchestrator/supervisor/run-json";
import { RunSchema } from "@clew/proto/connect/clew/run/v1/run_pb";
import { Run } from "@clew/proto/grpc/clew/run/v1/run";
import { expect, it, onTestFinished } from "vitest";

/** A message with a value in every field, down to where messages hold themselves. */
function filled(schema: DescMessage, depth = 0): Message {
  if (schema.typeName === "google.protobuf.Timestamp") return create(schema, { seconds: 1_700_000_000n, nanos: 120_000_000 } as never);
  const message = reflect(schema, create(schema));
  for (const field of schema.fields) {
    if (field.oneof !== undefined && field !== field.oneof.fields.at(-2)) continue;
    if (field.fieldKind === "message" && depth > 4) continue;
    if (field.fieldKind === "list") {
      const list = message.get(field);
      for (const _ of [1, 2]) list.add(single(field, depth));
    } else if (field.fieldKind === "map") message.get(field).set("k\u00e9y", single(field, depth));
    else message.set(field, single(field, depth));
  }
  return message.message;
}

function single(field: DescField, depth: number): never {
  if (field.message !== undefined) return reflect(field.message, filled(field.message, depth + 1)) as never;
  if (field.enum !== undefined) return field.enum.values.at(-1)?.number as never;
  switch (field.scalar) {
    case ScalarType.STRING:
      return '"text" \u2028 \u00e4 <b>' as never;
    case ScalarType.BOOL:
      return true as never;
    case ScalarType.DOUBLE:
      return 0.1 as never;
    default:
      return 7 as never;
  }
}

// PROTOCOL.md 3.1: one shape at every door, and in the artifact that holds a Run too large for its event.
it.each([
  ["with every field", filled(RunSchema)],
  ["with none", create(RunSchema)],
])("writes a Run %s in run.json as the gateway writes it, byte for byte", async (_, message) => {
  const bytes = toBinary(RunSchema, message as never);
  expect(await formatRun(Run.decode(bytes))).toBe(toJsonString(RunSchema, fromBinary(RunSchema, bytes), jsonOptions));
});

it("leaves in the last event what fits, and the whole Run in run.json", async () => {
  const folder = await mkdtemp(join(tmpdir(), "clew-run-json-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const run = Run.decode(toBinary(RunSchema, filled(RunSchema) as never));
  const large = { ...run, outcome: run.outcome && { ...run.outcome, data: { text: "x".repeat(63_000) } } };
  const fitted = await fitRun(large, folder);
  expect(Run.encode(fitted.run).finish().byteLength).toBeLessThan(62 * 1024);
  expect([fitted.run.runArtifact, fitted.run.outcome?.truncated, fitted.run.outcome?.data === undefined]).toEqual(["run.json", true, true]);
  const written = await readFile(join(folder, "artifacts", "run.json"), "utf8");
  expect(written === (await formatRun({ ...large, runArtifact: "run.json" }))).toBe(true);
  expect(JSON.parse(written).outcome.data.text).toHaveLength(63_000);
});
