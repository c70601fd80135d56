import { Run_State, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { describe, expect, it } from "vitest";
import { forkRefusal, parentOf } from "./lineage.ts";

describe("a run that goes on from another", () => {
  it.each([
    ["neither", {}, undefined],
    ["forkFrom", { forkFrom: "run-1" }, "run-1"],
    ["continueFrom", { continueFrom: "run-2" }, "run-2"],
  ])("with %s has the parent %j", (_, spec, parent) => {
    expect(parentOf(RunSpec.fromPartial(spec))).toBe(parent);
  });

  it.each([
    ["one that has ended and kept its session", Run_State.COMPLETED, 0, undefined],
    ["one that failed and kept its session", Run_State.FAILED, 0, undefined],
    ["one that was stopped and kept its session", Run_State.TERMINATED, 0, undefined],
    ["one that is under way", Run_State.RUNNING, 0, "PARENT_BUSY"],
    ["one that stores its recordings", Run_State.FINALIZING, 0, "PARENT_BUSY"],
    ["one that was to leave nothing", Run_State.COMPLETED, undefined, "PARENT_GONE"],
    ["one that is under way and is to leave nothing", Run_State.RUNNING, undefined, "PARENT_GONE"],
  ])("as a fork of %s", (_, state, keepAliveSeconds, reason) => {
    expect(forkRefusal({ state, spec: RunSpec.fromPartial({ keepAliveSeconds }) })?.reason).toBe(reason);
  });
});
