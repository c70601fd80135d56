import { expect, test } from "vitest";
import { createLogger } from "./logger.ts";

function logged(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const lines: string[] = [];
  createLogger({ name: "test", level: "info", destination: { write: (line) => void lines.push(line) } }).warn(fields, "it failed");
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? "");
}

test.each(["err", "error"])("writes what an error in '%s' says, and where it was thrown", (field) => {
  const cause = new TypeError("the disk is away");
  const line = logged({ [field]: new Error("cannot write", { cause }) });
  expect(line).toMatchObject({
    msg: "it failed",
    [field]: { type: "Error", message: expect.stringContaining("cannot write"), stack: expect.stringContaining("logger.test.ts") },
  });
  expect(JSON.stringify(line)).toContain("the disk is away");
});

test("writes what was thrown and is no error as it is", () => {
  expect(logged({ error: "just words" })).toMatchObject({ error: "just words" });
});

test("masks secrets' usual names, also on an error", () => {
  const error = Object.assign(new Error("refused"), { password: "hunter2" });
  const line = logged({ error, err: { secret: "hunter2" }, authorization: "hunter2", call: { credentials: "hunter2" } });
  expect(JSON.stringify(line)).not.toContain("hunter2");
  expect(line).toMatchObject({ error: { message: "refused", password: "[redacted]" }, authorization: "[redacted]" });
});
