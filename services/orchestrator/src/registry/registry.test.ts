import { Artifact, Run, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import type { RunFold } from "../runs/run.ts";
import { Registry, type RunFilter } from "./registry.ts";

const any: RunFilter = {
  tenant: "acme",
  states: [],
  labels: [],
  createdAfterMs: undefined,
  createdBeforeMs: undefined,
  playbook: "",
  parentRun: "",
};

function fold(id: string, createTimeMs: number, more: Partial<Run> = {}): RunFold {
  const run = {
    ...Run.fromPartial({ id, tenant: "acme", state: Run_State.COMPLETED, createTime: new Date(createTimeMs), lastSequence: 9 }),
    ...more,
  };
  return {
    run,
    requestId: `request-${id}`,
    requestHmac: `hmac-${id}`,
    artifacts: [],
    inputs: [],
    finalState: run.state,
    stop: undefined,
    attempt: { readyAtMs: undefined, startedAtMs: undefined, exited: false, exitCause: "", keptUntilMs: undefined, failure: undefined },
    clock: { startedAtMs: undefined, waitedMs: 0, waitingSinceMs: undefined },
    tries: { begun: 0, unbegun: 0 },
    epoch: 1,
    hasWritten: false,
    hasLost: false,
  };
}

/** An index of four runs, and the folder it lies in. */
async function filled() {
  const folder = await tempFolder();
  const registry = new Registry(folder.path);
  const labelled = Run.fromPartial({ spec: { labels: { team: "billing", env: "prod" } } }).spec;
  registry.write(fold("a", 1_000));
  registry.write(fold("b", 2_000, { state: Run_State.FAILED, spec: labelled }));
  registry.write(fold("c", 2_000, { playbook: { id: "hello", version: "", sha256: "" } }));
  registry.write(fold("d", 3_000, { tenant: "other" }));
  return {
    registry,
    async [Symbol.asyncDispose]() {
      registry[Symbol.dispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe("the index of runs", () => {
  it.each<[string, Partial<RunFilter>, string[]]>([
    ["everything of a tenant, newest first", {}, ["c", "b", "a"]],
    ["another tenant's", { tenant: "other" }, ["d"]],
    ["by state", { states: [Run_State.FAILED, Run_State.TIMED_OUT] }, ["b"]],
    [
      "by all labels",
      {
        labels: [
          ["team", "billing"],
          ["env", "prod"],
        ],
      },
      ["b"],
    ],
    [
      "by labels of which one differs",
      {
        labels: [
          ["team", "billing"],
          ["env", "test"],
        ],
      },
      [],
    ],
    ["by playbook", { playbook: "hello" }, ["c"]],
    ["from a time on", { createdAfterMs: 2_000 }, ["c", "b"]],
    ["before a time", { createdBeforeMs: 2_000 }, ["a"]],
  ])("lists %s", async (_, filter, ids) => {
    await using index = await filled();
    const { registry } = index;
    expect(registry.list({ ...any, ...filter }, undefined, 10).map(({ id }) => id)).toEqual(ids);
  });

  it("goes on after a cursor, also among runs of the same instant", async () => {
    await using index = await filled();
    const { registry } = index;
    expect(registry.list(any, { createTimeMs: 2_000, id: "c" }, 10).map(({ id }) => id)).toEqual(["b", "a"]);
  });

  it("finds the run a request made, within its tenant", async () => {
    await using index = await filled();
    const { registry } = index;
    expect(registry.findRequest("acme", "request-a")).toEqual({ runId: "a", requestHmac: "hmac-a" });
    expect(registry.findRequest("other", "request-a")).toBeUndefined();
  });

  it("takes a run with all that belongs to it, or nothing", async () => {
    await using index = await filled();
    const { registry } = index;
    const cut = {
      ...Artifact.fromPartial({}),
      get name(): string {
        throw new Error("cut");
      },
    };
    expect(() => registry.write({ ...fold("e", 4_000), artifacts: [cut] })).toThrow("cut");
    expect(registry.get("e")).toBeUndefined();
    registry.write(fold("e", 4_000));
    expect(registry.get("e")?.id).toBe("e");
  });

  it("forgets a run with all that belongs to it", async () => {
    await using index = await filled();
    const { registry } = index;
    registry.remove("b");
    expect(registry.get("b")).toBeUndefined();
    expect(registry.list({ ...any, labels: [["team", "billing"]] }, undefined, 10)).toEqual([]);
  });
});
