import { setTimeout as sleep } from "node:timers/promises";
import { FakeOrchestrator, type FakeRun } from "@clew/gateway/testing/fake-orchestrator";
import { mark, nowMs } from "./clock.ts";
import { servePart } from "./serve-part.ts";

/** An orchestrator of the gateway's tests: its runs are in memory, and an event is as long as it is asked to be. */
const fake = await FakeOrchestrator.start();
fake.heartbeatMs = 15_000;

const handlers = {
  address: (): string => `127.0.0.1:${fake.port}`,
  /** Makes a run with some events; answers its id. */
  addRun({ events, textLength }: { events: number; textLength: number }): string {
    const run = fake.addRun();
    for (let n = 0; n < events; n++) append(run, textLength);
    return run.id;
  },
  /** Says events at a pace; answers the milliseconds between the first and the last. */
  async publish({ runId, count, perSecond, textLength }: { runId: string; count: number; perSecond: number; textLength: number }) {
    const run = fake.runs.get(runId);
    if (run === undefined) throw new Error("There is no such run.");
    const startMs = nowMs();
    for (let n = 0; n < count; n++) {
      const earlyMs = startMs + (n * 1_000) / perSecond - nowMs();
      if (earlyMs > 0) await sleep(earlyMs);
      append(run, textLength);
    }
    return { startMs, tookMs: nowMs() - startMs };
  },
  finish: ({ runId }: { runId: string }): void => fake.runs.get(runId)?.finish(),
};

/** What the source can be asked. */
export type Source = typeof handlers;

function append(run: FakeRun, textLength: number): void {
  run.append(`@${mark()}`.padEnd(textLength, "clew "));
}

servePart(handlers);
