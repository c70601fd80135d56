import { cp, mkdtemp, readdir, readFile, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { expect, it } from "vitest";
import { caller, startRuns, type TestRuns } from "./runs-test-kit.ts";

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

/** A run that waits, and how its first events may be cut short while they are written: at any byte, here at some. */
async function beginning(system: TestRuns) {
  const runId = await system.create();
  const runs = join(system.volume.folder, "runs");
  const whole = await mkdtemp(join(tmpdir(), "clew-whole-"));
  await cp(runs, whole, { recursive: true });
  const { length } = await readFile(join(whole, runId, "journal"));
  const cuts = [...upTo(11).map((part) => Math.floor((part * length) / 12)), length - 1];
  return {
    runId,
    runs,
    cuts,
    /** Opens the volume again as if so many bytes of the journal had been written, with the index or without it. */
    async reopen(bytes: number, isIndexed: boolean) {
      await system.restart(async () => {
        await rm(runs, { recursive: true });
        await cp(whole, runs, { recursive: true });
        await truncate(join(runs, runId, "journal"), bytes);
        if (!isIndexed) await rm(join(system.volume.folder, "registry.sqlite"), { force: true });
      });
    },
    [Symbol.asyncDispose]: () => rm(whole, { recursive: true, force: true }),
  };
}

it("a run whose first events were cut short was never begun: nothing of it stays", async () => {
  await using system = await startRuns({ slots: 0 });
  await using begun = await beginning(system);
  for (const cut of begun.cuts) {
    await begun.reopen(cut, false);
    expect([cut, system.runs.load, await readdir(begun.runs)]).toMatchObject([cut, { queued: 0, running: 0, unopened: 0 }, []]);
    expect(() => system.runs.get(begun.runId, caller)).toThrowError(expect.objectContaining({ reason: "RUN_NOT_FOUND" }));
  }
});

it("a run that somebody may have been told of stays, whole or cut short", async () => {
  await using system = await startRuns({ slots: 0 });
  await using begun = await beginning(system);
  const [last = 0] = begun.cuts.slice(-1);
  for (const [bytes, isIndexed] of [
    [last + 1, false],
    [last, true],
  ] as const) {
    await begun.reopen(bytes, isIndexed);
    expect(system.runs.load.queued).toBe(1);
    expect(system.runs.get(begun.runId, caller).state).toBe(Run_State.QUEUED);
  }
});
