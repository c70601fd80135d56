import { Fault } from "@clew/fault/fault";
import { createLogger } from "@clew/process/logger";
import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { createCallLog } from "./call-log.ts";

function observe(headers: Readonly<Record<string, string>>, request: unknown, fault?: Fault) {
  const lines: string[] = [];
  const log = createLogger({ name: "test", level: "info", destination: { write: (line) => void lines.push(line) } });
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const answered = new Map<string, string>();
  const context = {
    path: "/clew.run.v1.RunService/GetRun",
    signal: new AbortController().signal,
    metadata,
    setHeader: (name: string, value: string) => void answered.set(name, value),
  };
  createCallLog(log, () => "made-here")(context, request)(fault);
  return { lines, answered };
}

const runId = `run-${"0".repeat(32)}`;

describe("the log of calls", () => {
  it("is one line a call, which answers the caller's request id", () => {
    const { lines, answered } = observe({ "x-request-id": "abc-1" }, { runId });
    expect(answered.get("x-request-id")).toBe("abc-1");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ method: "GetRun", code: "OK", requestId: "abc-1", run: runId, msg: "call ended" });
  });

  it("says why a call was refused", () => {
    const { lines } = observe({}, { runId }, new Fault("RUN_NOT_FOUND"));
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ code: "NOT_FOUND", reason: "RUN_NOT_FOUND", requestId: "made-here" });
  });

  it("holds nothing else that was sent, and no id that is not sane", () => {
    const secret = "s3cret value";
    const { lines, answered } = observe(
      { authorization: `Bearer ${secret}`, "x-request-id": secret, "clew-actor": secret },
      { runId: secret, resumeToken: secret, spec: { credentials: { password: secret } } },
    );
    expect(lines.join()).not.toContain("s3cret");
    expect(answered.get("x-request-id")).toBe("made-here");
  });
});
