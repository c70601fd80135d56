import { expect, it } from "vitest";
import { createRedact } from "./redact.ts";

it("replaces a secret wherever it stands, also where it is encoded", () => {
  const said = {
    summary: "typed p@ss/w0rd!",
    nested: [{ url: `http://x/?q=${encodeURIComponent("p@ss/w0rd!")}` }],
    token: Buffer.from("p@ss/w0rd!").toString("base64"),
  };
  const clean = JSON.stringify(createRedact(["p@ss/w0rd!"])(said));
  expect(clean).not.toMatch(/w0rd/);
  expect(clean).not.toContain(Buffer.from("p@ss/w0rd!").toString("base64").slice(0, 10));
  expect(clean).toContain("[redacted]");
});

it("replaces the longer of two secrets that begin alike", () => {
  expect(createRedact(["s3cret!", "s3cret!longer"])("s3cret! and s3cret!longer")).toBe("[redacted] and [redacted]");
});

it("masks a short secret only where it is the whole text, and no empty one", () => {
  expect(createRedact(["12", ""])({ text: "12", other: "2012" })).toEqual({ text: "[redacted]", other: "2012" });
});

it("leaves dates, bytes and what is innocent as it is", () => {
  const value = { at: new Date(5), bytes: new Uint8Array([1]), text: "innocent", count: 3 };
  expect(createRedact(["secret"])(value)).toEqual(value);
});

it("leaves what gives an event its structure, whatever the secret", () => {
  const said = { summary: "step", payload: { $case: "stepStarted", value: { stepId: "step-1", action: "step", description: "a step" } } };
  expect(createRedact(["step"])(said)).toEqual({
    summary: "[redacted]",
    payload: { $case: "stepStarted", value: { stepId: "step-1", action: "step", description: "a [redacted]" } },
  });
});

it("cleans all that stands in data, details and facts, whatever its key is called", () => {
  const value = { data: { name: "hunter2", code: ["hunter2"], deep: { $case: "hunter2" } }, details: { reason: "hunter2" } };
  expect(JSON.stringify(createRedact(["hunter2"])(value))).not.toContain("hunter2");
});
