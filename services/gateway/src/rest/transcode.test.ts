import { toJson } from "@bufbuild/protobuf";
import { Fault } from "@clew/fault/fault";
import { RunService } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readBindings } from "./bindings.ts";
import { type RestRequest, toCallersName, transcode } from "./transcode.ts";

const bindings = readBindings(RunService);

function bindingOf(method: string) {
  const binding = bindings.find((candidate) => candidate.method.localName === method);
  if (binding === undefined) throw new Error(`No binding for ${method}.`);
  return binding;
}

function said(request: {
  path?: Record<string, string>;
  query?: string;
  body?: RestRequest["body"];
  idempotencyKey?: string;
}): RestRequest {
  return { path: {}, body: undefined, ...request, query: new URLSearchParams(request.query) };
}

function requestOf(method: string, request: Parameters<typeof said>[0]) {
  const binding = bindingOf(method);
  return toJson(binding.method.input, transcode(binding, said(request)));
}

function violationsOf(method: string, request: Parameters<typeof said>[0]) {
  try {
    transcode(bindingOf(method), said(request));
  } catch (error) {
    if (error instanceof Fault && error.reason === "INVALID_REQUEST")
      return error.violations.map(({ field, rule, message }) => `${field} [${rule}] ${message}`);
    throw error;
  }
  return [];
}

describe("bindings", () => {
  test("are read from the annotations of every method", () => {
    expect(bindings.map(({ verb, path }) => `${verb} ${path}`)).toEqual([
      "POST /v1/runs",
      "POST /v1/runs/dry-run",
      "GET /v1/runs",
      "GET /v1/runs/{run_id}",
      "DELETE /v1/runs/{run_id}",
      "GET /v1/runs/{run_id}/events",
      "GET /v1/runs/{run_id}/stream",
      "POST /v1/runs/{run_id}/stop",
      "POST /v1/runs/{run_id}/release",
      "POST /v1/runs/{run_id}/inputs",
      "GET /v1/runs/{run_id}/artifacts",
      "GET /v1/runs/{run_id}/artifacts/{name}",
      "POST /v1/files",
      "POST /v1/tickets",
      "GET /v1/playbooks",
      "GET /v1/playbooks/{playbook_id}",
      "POST /v1/playbooks/validate",
    ]);
    expect(bindings).toHaveLength(RunService.methods.length);
  });
});

describe("a request becomes a message", () => {
  test.each<[string, string, Parameters<typeof said>[0], object]>([
    [
      "its body is a field",
      "createRun",
      { body: { playbook: "hello", maxSteps: 3, labels: { a: "b" } } },
      { spec: { playbook: "hello", maxSteps: 3, labels: { a: "b" } } },
    ],
    ["an empty body is an empty message", "createRun", {}, { spec: {} }],
    ["Idempotency-Key is the request id", "createRun", { idempotencyKey: "k1" }, { spec: {}, requestId: "k1" }],
    ["the request id may stand in the query", "createRun", { query: "requestId=k2" }, { spec: {}, requestId: "k2" }],
    [
      "its body is all that the path is not",
      "stopRun",
      { path: { run_id: "run-1" }, body: { reason: "enough", graceSeconds: 0 } },
      { runId: "run-1", reason: "enough", graceSeconds: 0 },
    ],
    [
      "repeated parameters repeat",
      "listRuns",
      { query: "state=FAILED&state=COMPLETED&label=a:b&label=c:d" },
      { state: ["FAILED", "COMPLETED"], label: ["a:b", "c:d"] },
    ],
    [
      "numbers and times are read",
      "listRuns",
      { query: "pageSize=7&createdAfter=2026-01-31T12:00:00Z" },
      { pageSize: 7, createdAfter: "2026-01-31T12:00:00Z" },
    ],
    ["a wait in seconds without unit", "getRun", { path: { run_id: "r" }, query: "wait=30" }, { runId: "r", wait: "30s" }],
    ["a wait in seconds", "getRun", { path: { run_id: "r" }, query: "wait=30s" }, { runId: "r", wait: "30s" }],
    ["a wait in milliseconds", "getRun", { path: { run_id: "r" }, query: "wait=500ms" }, { runId: "r", wait: "0.500s" }],
    ["null is not given", "createRun", { body: { directive: "Look.", model: null } }, { spec: { directive: "Look." } }],
    [
      "free-form JSON stays as it is",
      "createRun",
      { body: { params: { order_id: "1", deep: [{ a: null }, 2.5] } } },
      { spec: { params: { order_id: "1", deep: [{ a: null }, 2.5] } } },
    ],
  ])("%s", (_what, method, request, expected) => {
    expect(requestOf(method, request)).toEqual(expected);
  });
});

describe("what is wrong is named as the caller wrote it", () => {
  const whole = "must be a whole number, 0 or more";
  test.each<[string, string, Parameters<typeof said>[0], string[]]>([
    ["an unknown field", "createRun", { body: { playbok: "x" } }, ["playbok [unknown] is not known; did you mean playbook?"]],
    [
      "a field in snake case",
      "createRun",
      { body: { playbook_source: "x" } },
      ["playbook_source [unknown] is not known; did you mean playbookSource?"],
    ],
    [
      "a nested unknown field",
      "createRun",
      { body: { retry: { attempts: 2 } } },
      ["retry.attempts [unknown] is not known; known are maxAttempts, backoffSeconds"],
    ],
    [
      "the beginning of a field",
      "createRun",
      { body: { retry: { max: 2 } } },
      ["retry.max [unknown] is not known; did you mean maxAttempts?"],
    ],
    ["an unknown parameter", "listRuns", { query: "pagesize=3" }, ["pagesize [unknown] is not known; did you mean pageSize?"]],
    [
      "a parameter where none is taken",
      "stopRun",
      { path: { run_id: "r" }, query: "reason=x" },
      ["reason [unknown] is not known; there is no query parameter here"],
    ],
    ["a negative number", "createRun", { body: { timeoutSeconds: -5 } }, [`timeoutSeconds [range] ${whole}, not -5`]],
    [
      "a number out of all bounds",
      "createRun",
      { body: { maxSteps: 1e99 } },
      ["maxSteps [range] must be a whole number, at most 4294967295, not 1e+99"],
    ],
    ["null in the place of a body", "createRun", { body: null }, ["body [type] must be an object"]],
    ["null where there is no body", "getRun", { path: { run_id: "r" }, body: null }, ["body [unknown] is not taken here"]],
    ["null in the place of all fields", "sendInput", { path: { run_id: "r" }, body: null }, ["body [type] must be an object"]],
    ["a number as text", "createRun", { body: { timeoutSeconds: "60" } }, [`timeoutSeconds [type] ${whole}`]],
    [
      "a number too large",
      "listRuns",
      { query: "pageSize=99999999999" },
      ["pageSize [range] must be a whole number, at most 4294967295, not 99999999999"],
    ],
    ["a parameter that is no number", "readEvents", { path: { run_id: "r" }, query: "limit=many" }, [`limit [type] ${whole}`]],
    [
      "a bad enum in a body",
      "createRun",
      { body: { thinking: "HARD" } },
      ["thinking [enum] must be one of MINIMAL, LOW, MEDIUM, HIGH, XHIGH"],
    ],
    [
      "a bad enum in a query",
      "listRuns",
      { query: "state=DONE" },
      ["state [enum] must be one of QUEUED, STARTING, RUNNING, WAITING, FINALIZING, COMPLETED, FAILED, TIMED_OUT, TERMINATED"],
    ],
    ["a bad duration", "getRun", { path: { run_id: "r" }, query: "wait=soon" }, ["wait [duration] must be a duration such as 30s"]],
    ["a negative duration", "getRun", { path: { run_id: "r" }, query: "wait=-1s" }, ["wait [duration] must be a duration such as 30s"]],
    ["a bad time", "listRuns", { query: "createdAfter=yesterday" }, ["createdAfter [time] must be a time such as 2026-01-31T12:00:00Z"]],
    [
      "a parameter given twice",
      "readEvents",
      { path: { run_id: "r" }, query: "after=1&after=2" },
      ["after [once] is given more than once"],
    ],
    [
      "two of one kind",
      "createRun",
      { body: { directive: "a", playbook: "b" } },
      ["playbook [oneof] cannot be given together with directive"],
    ],
    ["a field the path gives", "stopRun", { path: { run_id: "r" }, body: { runId: "other" } }, ["runId [elsewhere] is given by the path"]],
    ["a list that is none", "createRun", { body: { files: {} } }, ["files [type] must be a list"]],
    ["an item of a list", "createRun", { body: { files: [{ name: "a" }, { name: 2 }] } }, ["files[1].name [type] must be a text"]],
    ["an entry of a map", "createRun", { body: { labels: { team: 7 } } }, ["labels.team [type] must be a text"]],
    ["a body that is a list", "createRun", { body: [] }, ["body [type] must be an object"]],
    ["a body where none is taken", "deleteRun", { path: { run_id: "r" }, body: { a: 1 } }, ["body [unknown] is not taken here"]],
    [
      "a request id that contradicts itself",
      "createRun",
      { query: "requestId=a", idempotencyKey: "b" },
      ["requestId [once] differs from the Idempotency-Key header"],
    ],
    [
      "a name that would reach a prototype",
      "createRun",
      { body: { params: JSON.parse('{"a":{"__proto__":1}}') } },
      ["params.a.__proto__ [name] cannot be a name"],
    ],
    ["half a surrogate", "createRun", { body: { directive: "\ud800" } }, ["directive [text] must be valid Unicode"]],
  ])("%s", (_what, method, request, expected) => {
    expect(violationsOf(method, request)).toEqual(expected);
  });

  test("all of it at once", () => {
    const found = violationsOf("createRun", { query: "foo=1", body: { maxSteps: "many", nonsense: true, viewport: { width: 1.5 } } });
    expect(found.map((text) => text.split(" ")[0])).toEqual(["foo", "maxSteps", "nonsense", "viewport.width"]);
  });

  test("free-form JSON that nests too deep", () => {
    const deep = JSON.parse(`${'{"a":'.repeat(200)}1${"}".repeat(200)}`);
    expect(violationsOf("createRun", { body: { params: deep } })).toEqual([expect.stringContaining("must not nest deeper than 64")]);
  });

  test("without ever echoing a value", () => {
    const secret = "hunter2-hunter2";
    const body = {
      credentials: { a: [secret] },
      timeoutSeconds: secret,
      thinking: secret,
      files: secret,
      params: secret,
      proxy: { x: secret },
    };
    expect(violationsOf("createRun", { body }).join(" ")).not.toContain(secret);
  });

  test("for any JSON whatever", () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4 }),
        fc.constantFrom("directive", "params", "files", "labels", "viewport", "thinking", "guardrails", "maxSteps"),
        (value, field) => {
          const body: RestRequest["body"] = JSON.parse(JSON.stringify({ [field]: value }));
          const found = violationsOf("createRun", { body });
          for (const line of found) expect(line.startsWith(field)).toBe(true);
        },
      ),
    );
  });
});

test("fields of the orchestrator's errors are named as the caller wrote them", () => {
  const create = bindingOf("createRun");
  expect(toCallersName(create, "spec.timeoutSeconds", {})).toBe("timeoutSeconds");
  expect(toCallersName(create, "spec", {})).toBe("body");
  expect(toCallersName(create, "requestId", { idempotencyKey: "k" })).toBe("Idempotency-Key");
  expect(toCallersName(create, "requestId", {})).toBe("requestId");
  expect(toCallersName(bindingOf("stopRun"), "graceSeconds", {})).toBe("graceSeconds");
});
