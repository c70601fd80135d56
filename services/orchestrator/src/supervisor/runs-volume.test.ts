import { appendFile, cp, mkdir, mkdtemp, readdir, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Fault } from "@clew/fault/fault";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { describe, expect, it, vi } from "vitest";
import { toRunId } from "../runs/run-id.ts";
import { caller, startRuns, type TestRuns } from "./runs-test-kit.ts";

const refusal = async (call: Promise<unknown>) =>
  Fault.from(
    await call.then(
      () => new Error("It was to be refused."),
      (error: unknown) => error,
    ),
  ).reason;

/** Waits for a run's end by reading the journal, which does not need the run to be in memory. */
async function endOf({ runs }: TestRuns, runId: string) {
  const run = await runs.waitForEnd(runId, caller, 15_000, AbortSignal.timeout(15_000));
  return { state: run.state, reason: run.outcome?.error?.reason };
}

const sequences = (events: readonly { readonly sequence: number }[]) => events.map(({ sequence }) => sequence);
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe("a disk that fails under a live run", () => {
  it.each([
    ["EIO", "datasync", "VOLUME_FAILED"],
    ["EIO", "write", "VOLUME_FAILED"],
    ["EROFS", "write", "VOLUME_FAILED"],
    ["ENOSPC", "write", "VOLUME_FULL"],
    ["EDQUOT", "write", "VOLUME_FULL"],
  ])(
    "with %s in %s ends the run FAILED %s, keeps what was visible, and is worked on again when it is mended",
    async (code, call, reason) => {
      await using system = await startRuns({ slots: 1, lookMs: 60_000 });
      const { runs, disk } = system;
      const runId = await system.create();
      await vi.waitFor(() => expect(runs.get(runId, caller).state).toBe(Run_State.STARTING));
      const reading = system.follow(runId);
      const seen = runs.get(runId, caller).lastSequence;

      disk.fail(code, call, "make", "truncate");
      expect(await refusal(runs.stop(runId, caller, "", 10))).toBe(reason);
      expect(runs.get(runId, caller)).toMatchObject({ state: Run_State.STARTING, lastSequence: seen });
      expect(await refusal(system.create())).toBe(reason);

      disk.mend();
      expect(await endOf(system, runId)).toEqual({ state: Run_State.FAILED, reason });
      const { events, ended } = await reading;
      expect(ended).toBe(true);
      expect(sequences(events)).toEqual(upTo(events.length));
      expect(events.map(({ type }) => type).slice(seen)).toEqual(["outcomePublished", "runFinished"]);

      // Without a restart.
      const next = await system.create();
      await vi.waitFor(() => expect(runs.get(next, caller).state).toBe(Run_State.STARTING));
      // What the volume refused left nothing behind.
      expect((await readdir(join(system.volume.folder, "runs"))).sort()).toEqual([runId, next].sort());
    },
  );

  it("is not written through the handle whose fsync failed, and the end that waited in memory is there after a restart", async () => {
    await using system = await startRuns({ slots: 1 });
    const runId = await system.create();
    await vi.waitFor(() => expect(system.runs.get(runId, caller).state).toBe(Run_State.STARTING));
    system.disk.fail("EIO", "datasync", "make");
    expect(await refusal(system.runs.stop(runId, caller, "", 10))).toBe("VOLUME_FAILED");
    const wrote: string[] = [];
    system.disk.before = ({ name, path }) => {
      if (name === "write" && path.endsWith("/journal")) wrote.push(path);
    };
    expect(await endOf(system, runId)).toEqual({ state: Run_State.FAILED, reason: "VOLUME_FAILED" });
    await system.restart();
    const { events, ended } = await system.follow(runId);
    expect([ended, events.at(-1)?.type]).toEqual([true, "runFinished"]);
    expect(sequences(events)).toEqual(upTo(events.length));
    // The file is another one by then, renamed from journal.new: writes to it name the path they were opened by.
    expect(wrote).toEqual([]);
  });

  it("that takes no row lets no run go until it is indexed as it ended", async () => {
    await using system = await startRuns({ slots: 0 });
    const runId = await system.create();
    const other = new DatabaseSync(join(system.volume.folder, "registry.sqlite"));
    other.exec("BEGIN IMMEDIATE");
    await system.runs.stop(runId, caller, "", 0);
    expect(await endOf(system, runId)).toEqual({ state: Run_State.TERMINATED, reason: "TERMINATED" });
    expect(system.registry.get(runId)?.state).toBe(Run_State.QUEUED);
    expect(system.runs.get(runId, caller).state).toBe(Run_State.TERMINATED);
    other.exec("ROLLBACK");
    other.close();
    await vi.waitFor(() => expect(system.registry.get(runId)?.state).toBe(Run_State.TERMINATED), { timeout: 10_000 });
    expect(system.runs.get(runId, caller).state).toBe(Run_State.TERMINATED);
  });

  it("keeps a queued run queued, and lets it be stopped once it is mended", async () => {
    await using system = await startRuns({ slots: 0 });
    const runId = await system.create();
    system.disk.fail("EIO", "datasync", "make");
    expect(await refusal(system.runs.stop(runId, caller, "", 0))).toBe("VOLUME_FAILED");
    expect(system.runs.get(runId, caller).state).toBe(Run_State.QUEUED);
    system.disk.mend();
    await system.runs.stop(runId, caller, "", 0);
    expect(await endOf(system, runId)).toEqual({ state: Run_State.TERMINATED, reason: "TERMINATED" });
  });
});

describe("runs that cannot be opened at the start", () => {
  const refuseOpening = async (system: TestRuns) => {
    await system.restart(async () => system.disk.fail("EIO", "open"));
  };

  it("begin only where there is a slot once they can be, and are not said to be stopped before", async () => {
    await using system = await startRuns({ slots: 1 });
    const runIds = [await system.create(), await system.create(), await system.create()];
    await vi.waitFor(() => expect(system.runs.get(runIds[0] ?? "", caller).state).toBe(Run_State.STARTING));
    await refuseOpening(system);
    expect(await refusal(system.runs.stop(runIds[1] ?? "", caller, "", 0))).toBe("VOLUME_FAILED");
    expect(system.runs.load).toMatchObject({ queued: 0, running: 0, unopened: 3 });
    system.disk.mend();
    const { runs } = system;
    await vi.waitFor(() => expect(runs.load.queued + runs.load.running).toBe(3), { timeout: 15_000 });
    expect(runs.load).toMatchObject({ queued: 2, running: 1, unopened: 0 });
    await runs.stop(runIds[1] ?? "", caller, "", 0);
    expect(await endOf(system, runIds[1] ?? "")).toEqual({ state: Run_State.TERMINATED, reason: "TERMINATED" });
  });

  it("hold no file open meanwhile", async () => {
    await using system = await startRuns({ slots: 0 });
    const runId = await system.create();
    await system.runs.stop(runId, caller, "", 0);
    await endOf(system, runId);
    const folder = join(system.volume.folder, "runs", runId);
    await vi.waitFor(() => stat(join(folder, "journal.index")));
    await system.restart(async () => {
      await rm(join(folder, "journal.index"));
      await rm(join(system.volume.folder, "registry.sqlite"));
      system.disk.fail("EIO", "make");
    });
    const open = await Promise.all((await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")));
    expect(open.filter((path) => path.startsWith(folder))).toEqual([]);
  });

  it("are not those that only the index does not take", async () => {
    await using system = await startRuns({ slots: 0 });
    await system.create();
    await using other = new AsyncDisposableStack();
    await system.restart(async () => {
      const file = join(system.volume.folder, "registry.sqlite");
      const database = other.adopt(new DatabaseSync(file), (opened) => opened.close());
      database.exec("DELETE FROM runs; BEGIN IMMEDIATE");
    });
    expect(system.runs.load).toMatchObject({ queued: 1, running: 0, unopened: 0 });
  });

  it("are not those that never began, of which nothing stays, nor does what a crash left of a file", async () => {
    await using system = await startRuns({ slots: 0 });
    const runId = await system.create();
    const folder = join(system.volume.folder, "runs");
    await system.restart(async () => {
      await mkdir(join(folder, toRunId("01930000-0000-7000-8000-0000000000aa")));
      await writeFile(join(folder, runId, "artifact.0123456789ab.tmp"), "half");
    });
    expect(await readdir(folder)).toEqual([runId]);
    expect((await readdir(join(folder, runId))).sort()).toEqual(["artifacts", "journal"]);
  });
});

describe("an index that is behind", () => {
  it("makes no second run of a request, and has the first as soon as it takes it", async () => {
    await using system = await startRuns({ slots: 0 });
    const other = new DatabaseSync(join(system.volume.folder, "registry.sqlite"));
    other.exec("BEGIN IMMEDIATE");
    const made = [await system.create({ requestId: "once" }), await system.create({ requestId: "once" })];
    expect(made[1]).toBe(made[0]);
    other.exec("ROLLBACK");
    other.close();
    await vi.waitFor(() => expect(system.registry.get(made[0] ?? "")?.state).toBe(Run_State.QUEUED), { timeout: 10_000 });
  });
});

describe("a deleted run whose folder cannot be removed", () => {
  it("stays deleted, also after a restart", async () => {
    await using system = await startRuns({ slots: 0 });
    const elsewhere = await mkdtemp("/dev/shm/clew-trash-");
    await using _ = { [Symbol.asyncDispose]: () => rm(elsewhere, { recursive: true, force: true }) };
    const trash = join(system.volume.folder, "trash");
    await rm(trash, { recursive: true });
    // Nothing is renamed to another file system.
    await symlink(elsewhere, trash);
    const runId = await system.create();
    await system.runs.stop(runId, caller, "", 0);
    await endOf(system, runId);
    await vi.waitFor(() => expect(system.runs.load.queued + system.runs.load.running).toBe(0));
    expect(await refusal(system.runs.delete(runId, caller))).toBe("VOLUME_FAILED");
    const gone = () => expect(() => system.runs.get(runId, caller)).toThrow(new Fault("RUN_DELETED"));
    gone();
    await system.restart();
    gone();
    await system.restart(async () => {
      await rm(trash);
    });
    gone();
    expect(await readdir(join(system.volume.folder, "runs"))).toEqual([]);
  });
});

describe("a sandbox that cannot be started", () => {
  it.each([
    ["ENOSPC", "VOLUME_FULL"],
    ["EIO", "VOLUME_FAILED"],
  ])("because the volume fails with %s ends its run %s at once", async (code, reason) => {
    await using system = await startRuns({
      slots: 1,
      start: async () => Promise.reject(Object.assign(new Error(code), { code, syscall: "mkdir" })),
    });
    expect(await endOf(system, await system.create())).toEqual({ state: Run_State.FAILED, reason });
  });
});

describe("a full volume", () => {
  it("ends every live run, keeps queued ones, begins none, and goes on by itself when there is room", async () => {
    let free = 1e9;
    await using system = await startRuns({ slots: 2, freeBytes: async () => free, lookMs: 20 });
    const live = [await system.create(), await system.create()];
    const queued = await system.create();
    await vi.waitFor(() =>
      expect(live.map((runId) => system.runs.get(runId, caller).state)).toEqual([Run_State.STARTING, Run_State.STARTING]),
    );
    expect((await readdir(system.volume.folder)).includes("reserve")).toBe(true);

    free = 1e6;
    for (const runId of live) expect(await endOf(system, runId)).toEqual({ state: Run_State.FAILED, reason: "VOLUME_FULL" });
    expect((await readdir(system.volume.folder)).includes("reserve")).toBe(false);
    // Let go of, so that their slots are free.
    await vi.waitFor(() => expect(system.runs.load).toMatchObject({ queued: 1, running: 0, unopened: 0 }));
    const before = await readdir(join(system.volume.folder, "runs"));
    expect(await refusal(system.create())).toBe("VOLUME_FULL");
    expect(await readdir(join(system.volume.folder, "runs"))).toEqual(before);
    expect(system.runs.get(queued, caller).state).toBe(Run_State.QUEUED);

    free = 1e9;
    await vi.waitFor(() => expect(system.runs.get(queued, caller).state).toBe(Run_State.STARTING), { timeout: 10_000 });
    expect((await readdir(system.volume.folder)).includes("reserve")).toBe(true);
  });
});

describe("a copy of what cannot be made again", () => {
  it("is the whole volume: finished runs, their tokens, queued runs, what was deleted, and which request made what", async () => {
    await using original = await startRuns({ slots: 0 });
    const finished = await original.create();
    await original.runs.stop(finished, caller, "", 0);
    await endOf(original, finished);
    const deleted = await original.create();
    await original.runs.stop(deleted, caller, "", 0);
    await endOf(original, deleted);
    await original.runs.delete(deleted, caller);
    const queued = await original.create();
    const { events } = await original.follow(finished);

    const folder = await mkdtemp(join(tmpdir(), "clew-copy-"));
    for (const name of ["format.json", "volume.key", "runs", "tombstones"])
      await cp(join(original.volume.folder, name), join(folder, name), { recursive: true });
    // Copied while a record was being written.
    await appendFile(join(folder, "runs", queued, "journal"), "half a record");
    await using copy = await startRuns({ slots: 0, folder });
    expect(copy.volume.sign("request", "x")).toBe(original.volume.sign("request", "x"));
    expect((await copy.follow(finished)).events).toEqual(events);
    const third = await copy.follow(finished, events[1]?.resumeToken);
    expect([third.ended, third.events]).toEqual([true, events.slice(2)]);
    expect(() => copy.runs.get(deleted, caller)).toThrow(new Fault("RUN_DELETED"));
    expect(copy.runs.get(queued, caller).state).toBe(Run_State.QUEUED);
  });
});
