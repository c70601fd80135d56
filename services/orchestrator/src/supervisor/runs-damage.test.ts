import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { Run_Effects, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import type { RunEvent } from "@clew/proto/grpc/clew/run/v1/run_event";
import { describe, expect, it, vi } from "vitest";
import { withFlip } from "../journal/journal-test-kit.ts";
import { caller, startRuns, type TestRuns } from "./runs-test-kit.ts";

/** A run that was stopped while it waited, and is over. */
async function finishedRun(system: TestRuns) {
  const runId = await system.create();
  await system.runs.stop(runId, caller, "no longer wanted", 0);
  await system.runs.waitForEnd(runId, caller, 10_000, AbortSignal.timeout(10_000));
  const { events } = await system.follow(runId);
  const folder = join(system.volume.folder, "runs", runId);
  const index = join(folder, "journal.index");
  // Sealed, and let go of.
  await vi.waitFor(() => readFile(index));
  return { runId, events, journal: join(folder, "journal"), index };
}

/** Reads a run to its end as clients do: where the history was lost, from the token that the refusal names. */
async function readToEnd(system: TestRuns, runId: string) {
  const delivered: RunEvent[][] = [];
  let after = "";
  for (let tries = 0; tries < 5; tries++) {
    const { events, ended, fault } = await system.follow(runId, after);
    delivered.push(events);
    if (ended) return { delivered, events };
    const { reason, details } = Fault.from(fault);
    expect(["EPOCH_CHANGED", "DIVERGED", "FUTURE", "SHUTTING_DOWN", "VOLUME_FAILED"]).toContain(reason);
    after = details["earliest"] ?? after;
  }
  throw new Error("The run was never read to its end.");
}

const types = (events: readonly RunEvent[]) => events.map(({ type }) => type);
const texts = (events: readonly RunEvent[]) => events.map(({ sequence, type, summary }) => `${sequence} ${type} ${summary}`);

describe("the journal of a finished run", () => {
  it("that is damaged anywhere is read to an end again, with what was lost said, and stays as it ended", async () => {
    await using system = await startRuns({ slots: 0 });
    const { runId, events, journal, index } = await finishedRun(system);
    const whole = await readFile(journal);
    const wholeIndex = await readFile(index);
    let mended = 0;
    for (let at = 0; at < whole.length; at += 37) {
      await system.restart(async () => {
        await writeFile(journal, withFlip(whole, at));
        await writeFile(index, wholeIndex);
      });
      const read = await readToEnd(system, runId);
      for (const part of read.delivered) {
        // Whatever is delivered is of the history there was, up to where the damage is told.
        const told = part.findIndex(({ type }) => type === "warningRaised");
        const shared = told === -1 ? part : part.slice(0, told);
        expect(texts(events)).toEqual(expect.arrayContaining(texts(shared).filter((text) => !text.includes("runCreated"))));
      }
      const { events: all } = await system.follow(runId);
      expect(all.map(({ sequence }) => sequence)).toEqual(all.map((_, position) => position + 1));
      expect(all.at(-1)?.type).toBe("runFinished");
      const run = system.runs.get(runId, caller);
      expect([run.state, run.outcome?.error?.reason, run.lastSequence]).toEqual([Run_State.TERMINATED, "TERMINATED", all.length]);
      if (!types(all).includes("warningRaised")) continue;
      mended += 1;
      const warning = all.find(({ type }) => type === "warningRaised")?.payload;
      expect(warning).toMatchObject({ value: { reason: "JOURNAL_DAMAGED", details: { lostTo: String(events.length) } } });
      expect(run.effects).toBe(Run_Effects.UNKNOWN);
    }
    expect(mended).toBeGreaterThan(whole.length / 37 / 2);
  }, 60_000);

  it("that is found damaged while it is read tells its readers where to read on, once for all of them", async () => {
    await using system = await startRuns({ slots: 0 });
    const { runId, events, journal } = await finishedRun(system);
    // It is open, and was read.
    await writeFile(journal, withFlip(await readFile(journal), 900));
    const readers = await Promise.all([1, 2, 3].map(() => readToEnd(system, runId)));
    for (const { events: last } of readers) expect(types(last).at(-1)).toBe("runFinished");
    const { events: all } = await system.follow(runId);
    expect(types(all).filter((type) => type === "warningRaised")).toHaveLength(1);
    expect(types(all).filter((type) => type === "runFinished")).toHaveLength(1);
    expect(events.at(-1)?.type).toBe("runFinished");
  });

  it("is given its end also when whoever mended it died before", async () => {
    await using system = await startRuns({ slots: 0 });
    const { runId, journal, index } = await finishedRun(system);
    await writeFile(journal, withFlip(await readFile(journal), 900));
    await rm(index);
    // The damage is cut, and then the disk takes nothing more.
    let renamed = false;
    system.disk.before = ({ name, path }) => {
      if (name === "rename" && path === journal) renamed = true;
      else if (renamed && name === "write" && path.endsWith("journal.new")) throw Object.assign(new Error("EIO"), { code: "EIO" });
    };
    await system.restart();
    expect(Fault.from((await system.follow(runId)).fault).reason).toBe("VOLUME_FAILED");
    expect(renamed).toBe(true);
    system.disk.mend();
    await system.restart();
    const { events } = await readToEnd(system, runId);
    expect(types(events).slice(-3)).toEqual(["warningRaised", "outcomePublished", "runFinished"]);
  });

  it("of which nothing is left is begun again from the index, with its outcome", async () => {
    await using system = await startRuns({ slots: 0 });
    const { runId, journal } = await finishedRun(system);
    const whole = await readFile(journal);
    await system.restart(async () => writeFile(journal, withFlip(whole, 70)));
    const { events } = await readToEnd(system, runId);
    expect(types(events)).toEqual(["runCreated", "warningRaised", "outcomePublished", "runFinished"]);
    expect(system.runs.get(runId, caller).state).toBe(Run_State.TERMINATED);
  });
});

describe("the journal of a live run", () => {
  it("that is found damaged while the run is queued ends it FAILED as well", async () => {
    await using system = await startRuns({ slots: 0 });
    const runId = await system.create();
    const journal = join(system.volume.folder, "runs", runId, "journal");
    await writeFile(journal, withFlip(await readFile(journal), 300), { flag: "r+" });
    const { events } = await readToEnd(system, runId);
    expect(types(events).slice(-3)).toEqual(["warningRaised", "outcomePublished", "runFinished"]);
    const run = system.runs.get(runId, caller);
    expect([run.state, run.outcome?.error?.reason]).toEqual([Run_State.FAILED, "JOURNAL_DAMAGED"]);
  });

  it("that cannot be ended because the volume fails holds its readers up for a time only", async () => {
    await using system = await startRuns({ slots: 0 });
    const runId = await system.create();
    const journal = join(system.volume.folder, "runs", runId, "journal");
    await writeFile(journal, withFlip(await readFile(journal), 300), { flag: "r+" });
    system.disk.fail("EIO", "make", "write", "datasync");
    expect(Fault.from((await system.follow(runId)).fault).reason).toBe("VOLUME_FAILED");
    system.disk.mend();
  }, 14_000);

  it("that is found damaged while it is read ends the run FAILED, and its readers come to that end", async () => {
    await using system = await startRuns({ slots: 1 });
    const runId = await system.create();
    await vi.waitFor(() => expect(system.runs.get(runId, caller).state).toBe(Run_State.STARTING));
    const journal = join(system.volume.folder, "runs", runId, "journal");
    await writeFile(journal, withFlip(await readFile(journal), 300), { flag: "r+" });
    const { events } = await readToEnd(system, runId);
    expect(types(events).slice(-3)).toEqual(["warningRaised", "outcomePublished", "runFinished"]);
    const run = system.runs.get(runId, caller);
    expect([run.state, run.outcome?.error?.reason]).toEqual([Run_State.FAILED, "JOURNAL_DAMAGED"]);
  });
});
