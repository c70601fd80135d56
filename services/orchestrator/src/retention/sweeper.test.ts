import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { createLogger } from "@clew/process/logger";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { RunEvent } from "@clew/proto/grpc/clew/run/v1/run_event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { artifactsExpireTime } from "../artifacts/expired-artifacts.ts";
import { applyEvent, type RunFold } from "../runs/run.ts";
import { type RunId, toRunId } from "../runs/run-id.ts";
import type { Runs } from "../supervisor/runs.ts";
import { caller, startRuns, type TestRuns } from "../supervisor/runs-test-kit.ts";
import type { KeptFor } from "./retention.ts";
import { Sweeper } from "./sweeper.ts";

const dayMs = 86_400_000;
const idOf = (runId: string) => toRunId(runId.replace("run-", ""));

/** A run that is over since 1970, as the index is told of it. */
function ended(id: RunId): RunFold {
  const created = RunEvent.fromPartial({ payload: { $case: "runCreated", value: { run: { id, tenant: "default" } } } });
  const { payload } = created;
  if (payload === undefined) throw new Error("The event has no payload.");
  const fold = applyEvent(undefined, { ...created, payload });
  return { ...fold, run: { ...fold.run, state: Run_State.COMPLETED, endTime: new Date(0) } };
}

describe("what has been kept long enough", () => {
  let on: TestRuns;
  let started: string;
  beforeEach(async () => {
    on = await startRuns({ slots: 1 });
    // It takes the one slot there is and never ends: those after it are queued.
    started = await on.create();
  });
  afterEach(() => on[Symbol.asyncDispose]());

  async function createEnded(): Promise<string> {
    const runId = await on.create();
    await on.runs.stop(runId, caller, "", 0);
    await vi.waitFor(() => expect(on.runs.get(runId, caller).state).toBe(Run_State.TERMINATED));
    return runId;
  }
  function sweep(kept: KeptFor, daysLater: number, runs: Pick<Runs, "expire"> = on.runs): Sweeper {
    return new Sweeper({
      retention: { usual: kept, tenants: new Map() },
      registry: on.registry,
      runs,
      volume: on.volume,
      logger: createLogger({ name: "test", level: "silent" }),
      everyMs: 10,
      now: () => Date.now() + daysLater * dayMs,
    });
  }
  const isGone = (runId: string) => {
    expect(() => on.runs.get(runId, caller)).toThrow(expect.objectContaining({ reason: "RUN_EXPIRED" }));
    expect(existsSync(on.volume.runFolder(idOf(runId)))).toBe(false);
  };

  it("goes run by run, and what is not over never", async () => {
    const queued = await on.create();
    const ended = [await createEnded(), await createEnded()];
    await using _ = sweep({ eventsMs: 90 * dayMs, artifactsMs: 14 * dayMs }, 91);
    await vi.waitFor(() => ended.forEach(isGone));
    for (const runId of [started, queued]) {
      expect(on.runs.get(runId, caller).id).toBe(runId);
      expect(await artifactsExpireTime(on.volume.runFolder(idOf(runId)))).toBeUndefined();
    }
  });

  it("is first the artifacts of a run, which is still read to its end then", async () => {
    const ended = await createEnded();
    const folder = on.volume.runFolder(idOf(ended));
    await using _ = sweep({ eventsMs: 90 * dayMs, artifactsMs: 14 * dayMs }, 15);
    await vi.waitFor(async () => {
      expect(await artifactsExpireTime(folder)).toBeInstanceOf(Date);
      expect(await readdir(join(folder, "artifacts-expired"))).toEqual([]);
    });
    expect(on.runs.artifacts(ended, caller).map(({ name }) => name)).toEqual(["playbook.yaml"]);
    expect((await on.follow(ended)).ended).toBe(true);
  });

  it("stays gone when the index is made anew and after a restart", async () => {
    const ended = await createEnded();
    {
      await using _ = sweep({ eventsMs: dayMs, artifactsMs: dayMs }, 2);
      await vi.waitFor(() => isGone(ended));
    }
    await on.restart(async () => {
      for (const suffix of ["", "-wal", "-shm"]) await rm(join(on.volume.folder, `registry.sqlite${suffix}`), { force: true });
    });
    isGone(ended);
  });

  it("that could not be removed holds up nothing else, and is tried again", async () => {
    const [stuck, other] = [await createEnded(), await createEnded()];
    let refusals = 3;
    const runs = {
      expire: (runId: RunId) =>
        runId === stuck && refusals-- > 0 ? Promise.reject(new Error("The disk says no.")) : on.runs.expire(runId),
    };
    await using _ = sweep({ eventsMs: dayMs, artifactsMs: dayMs }, 2, runs);
    await vi.waitFor(() => [stuck, other].forEach(isGone));
    expect(refusals).toBe(-1);
  });

  it("is come to behind any number of those that cannot be removed", async () => {
    const asked = new Set<string>();
    for (let n = 10; n < 55; n++) on.registry.write(ended(toRunId(`01930000-0000-7000-8000-0000000000${n}`)));
    await using _ = sweep({ eventsMs: dayMs, artifactsMs: dayMs }, 2, {
      expire: async (runId) => {
        asked.add(runId);
        throw new Error("The disk says no.");
      },
    });
    await vi.waitFor(() => expect(asked.size).toBe(45), { timeout: 10_000 });
  });
});
