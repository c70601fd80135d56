import { Fault } from "@clew/fault/fault";
import { Run, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { describe, expect, it } from "vitest";
import { runNotFound } from "../runs/run-not-found.ts";
import { demandParent } from "./demand-parent.ts";

const parent = (id: string, state: Run_State, keepAliveSeconds?: number) =>
  Run.fromPartial({ id, tenant: "acme", state, spec: { keepAliveSeconds } });
const runs = [
  parent("ended", Run_State.COMPLETED, 0),
  parent("released", Run_State.COMPLETED, 0),
  parent("running", Run_State.RUNNING, 0),
  parent("plain", Run_State.COMPLETED),
  parent("kept", Run_State.COMPLETED, 60),
  parent("taken", Run_State.COMPLETED, 60),
];

const sources = (hasKey = true) => {
  const demandKey = () => {
    if (!hasKey) throw new Fault("STATE_KEY_MISSING");
  };
  return {
    demandKept: ({ id }: Pick<Run, "id">) => {
      if (id !== "kept") throw new Fault("PARENT_BUSY");
    },
    findRun: (runId: string, tenant: string) => {
      const run = runs.find(({ id, tenant: owner }) => id === runId && owner === tenant);
      if (run === undefined) throw runNotFound(runId);
      return run;
    },
    sessions: {
      demandKey,
      read: async ({ id }: { readonly id: string }) => {
        demandKey();
        return id === "ended" ? { browserState: "", address: "", memory: "" } : undefined;
      },
      remove: async () => {},
    },
  };
};

describe("a run that is asked for", () => {
  it.each([
    [{}, "acme", "begins anew"],
    [{ keepAliveSeconds: 0 }, "acme", "begins anew, and may be gone on from"],
    [{ forkFrom: "ended" }, "acme", "forked from ended"],
    [{ forkFrom: "ended" }, "rival", "RUN_NOT_FOUND"],
    [{ forkFrom: "nobody" }, "acme", "RUN_NOT_FOUND"],
    [{ forkFrom: "running" }, "acme", "PARENT_BUSY"],
    [{ forkFrom: "plain" }, "acme", "PARENT_GONE"],
    [{ forkFrom: "released" }, "acme", "PARENT_GONE"],
    [{ keepAliveSeconds: 60 }, "acme", "begins anew, and may be gone on from"],
    [{ continueFrom: "kept" }, "acme", "continues in the browser of kept"],
    [{ continueFrom: "kept" }, "rival", "RUN_NOT_FOUND"],
    [{ continueFrom: "taken" }, "acme", "PARENT_BUSY"],
  ])("with %j by %s: %s", async (spec, tenant, expected) => {
    expect(await demandParent(spec, tenant, sources()).catch((thrown: unknown) => Fault.from(thrown).reason)).toBe(expected);
  });

  it.each([{ continueFrom: "kept" }, { keepAliveSeconds: 60 }])("with %j needs nothing that is encrypted", async (spec) => {
    await expect(demandParent(spec, "acme", sources(false))).resolves.toMatch(/kept|anew/);
  });

  it.each([{ keepAliveSeconds: 0 }, { forkFrom: "ended" }])("with %j is refused where nothing can be encrypted", async (spec) => {
    await expect(demandParent(spec, "acme", sources(false))).rejects.toMatchObject({ reason: "STATE_KEY_MISSING" });
  });
});
