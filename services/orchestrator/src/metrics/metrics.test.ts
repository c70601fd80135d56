import { once } from "node:events";
import { get } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { RunEvent } from "@clew/proto/grpc/clew/run/v1/run_event";
import { expect, test } from "vitest";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import { nodeDisk } from "../journal/disk.ts";
import type { Payload } from "../runs/event.ts";
import { createMetrics } from "./metrics.ts";
import { serveMetrics } from "./serve-metrics.ts";
import { timedDisk } from "./timed-disk.ts";

const payload = (given: Parameters<typeof RunEvent.fromPartial>[0]["payload"]): Payload => {
  const event = RunEvent.fromPartial({ payload: given });
  if (event.payload === undefined) throw new Error("There is no payload.");
  return event.payload;
};

const linesOf = (body: string) => body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

test("tells what happened of sandboxes and runs by what became durable, and what there is by looking", async () => {
  const metrics = createMetrics();
  const ended = (cause: string) => payload({ $case: "sandboxExited", value: { cause } });
  metrics.hear([
    payload({ $case: "attemptStarted", value: {} }),
    payload({ $case: "sandboxReady", value: { warm: true, durationMs: 40 } }),
    payload({ $case: "sandboxReady", value: { continued: true, durationMs: 40 } }),
    payload({ $case: "attemptFailed", value: { error: { reason: "SANDBOX_LOST" } } }),
    ended(""),
    ended("DEADLINE"),
    ended("DEADLINE"),
    ended('x"} 1\n'),
    payload({ $case: "runFinished", value: { run: { state: Run_State.FAILED, outcome: { error: { reason: "SANDBOX_LOST" } } } } }),
    payload({ $case: "runFinished", value: { run: { state: Run_State.COMPLETED } } }),
  ]);
  const states = new Map([[Run_State.COMPLETED, 7]]);
  let queued = 3;
  metrics.watch({
    runsByState: () => states,
    load: () => ({ queued, running: 2, kept: 6, unopened: 1, oldestQueuedMs: 1_500 }),
    slots: 5,
    warm: () => ({ waiting: 2, ready: 1, claimed: 9, missed: 4 }),
    leftovers: () => new Map([["process", { found: 3, removed: 2 }]]),
    isVolumeFull: () => true,
  });
  const lines = linesOf(await metrics.text());
  expect(lines).toEqual(
    expect.arrayContaining([
      "clew_journal_events_total 10",
      "clew_attempts_started_total 1",
      'clew_attempts_failed_total{reason="SANDBOX_LOST"} 1',
      'clew_sandbox_starts_total{warm="true"} 1',
      'clew_sandbox_start_seconds_bucket{le="0.05",warm="true"} 1',
      'clew_sandbox_ends_total{reason="by_itself"} 1',
      'clew_sandbox_ends_total{reason="DEADLINE"} 2',
      'clew_sandbox_ends_total{reason="other"} 1',
      'clew_runs_finished_total{state="FAILED",reason="SANDBOX_LOST"} 1',
      'clew_runs_finished_total{state="COMPLETED",reason="none"} 1',
      'clew_runs{state="COMPLETED"} 7',
      "clew_queue_length 3",
      "clew_queue_oldest_seconds 1.5",
      "clew_runs_unopened 1",
      "clew_slots 5",
      "clew_slots_used 2",
      "clew_sandboxes_kept 6",
      "clew_warm_sandboxes 2",
      "clew_warm_sandboxes_ready 1",
      'clew_warm_claims_total{result="claimed"} 9',
      'clew_warm_claims_total{result="missed"} 4',
      'clew_janitor_leftovers_total{kind="process",result="found"} 3',
      'clew_janitor_leftovers_total{kind="process",result="removed"} 2',
      "clew_volume_full 1",
    ]),
  );
  expect(lines.join("\n"), "a run that continues starts no sandbox").not.toContain('{warm="false"}');
  // Looked at anew, and counted once however often it is asked for.
  states.clear();
  queued = 0;
  const again = linesOf(await metrics.text());
  expect(again).toContain("clew_queue_length 0");
  expect(again).toContain('clew_warm_claims_total{result="claimed"} 9');
  expect(again.join("\n")).not.toContain("clew_runs{");
});

test("times what the volume takes to make writes durable, and counts what it does not", async () => {
  const metrics = createMetrics();
  await using folder = await tempFolder();
  const file = await timedDisk(nodeDisk, metrics.synced).open(join(folder.path, "journal"), "exclusive");
  await file.write(Buffer.from("x"), 0);
  await file.datasync();
  await file.close();
  metrics.synced(0.003, false);
  expect(linesOf(await metrics.text())).toEqual(
    expect.arrayContaining(["clew_journal_fsync_seconds_count 2", "clew_journal_fsync_failures_total 1"]),
  );
});

test("is served at its own address to who calls it by a number, and nothing else is", async () => {
  await using folder = await tempFolder();
  const metrics = createMetrics();
  const ask = async (options: object) => {
    const [response] = await once(get({ path: "/metrics", agent: false, ...options }), "response");
    return { status: response.statusCode, body: await text(response) };
  };
  await using server = await serveMetrics({ kind: "tcp", host: "127.0.0.1", port: 0 }, metrics);
  if (server.address.kind !== "tcp") throw new Error("It has another address.");
  const { port } = server.address;
  expect(await ask({ port })).toMatchObject({ status: 200, body: expect.stringContaining("clew_journal_events_total 0") });
  expect((await ask({ port, headers: { host: `localhost:${port}` } })).status).toBe(200);
  expect((await ask({ port, headers: { host: `rebound.example:${port}` } })).status).toBe(403);
  expect((await ask({ port, path: "/" })).status).toBe(404);
  const taken = serveMetrics({ kind: "tcp", host: "127.0.0.1", port }, metrics);
  await expect(taken).rejects.toThrow(`CLEW_METRICS_ADDRESS: cannot listen on 127.0.0.1:${port}`);
  const path = join(folder.path, "metrics");
  await using _byPath = await serveMetrics({ kind: "unix", path }, metrics);
  expect((await ask({ socketPath: path })).status).toBe(200);
});
