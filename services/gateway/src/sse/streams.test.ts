import { Fault } from "@clew/fault/fault";
import type { Reason } from "@clew/fault/reasons";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { FakeRun } from "../testing/fake-orchestrator.ts";
import { readSse, readUntil } from "../testing/read-sse.ts";
import { startTestGateway, type TestGateway } from "../testing/start-test-gateway.ts";

let site: TestGateway;
beforeAll(async () => {
  site = await startTestGateway({}, { hub: { beatMs: 300, openMs: 300 } });
});
afterAll(() => site[Symbol.asyncDispose]());

const idOf = (runs: readonly FakeRun[]) => runs.map(({ id }) => id).join();
async function open(runs: string, lastEventId?: string, query = "") {
  const headers = new Headers();
  if (lastEventId !== undefined) headers.set("last-event-id", lastEventId);
  return fetch(`${site.url}/v1/streams?runs=${runs}${query}`, { headers });
}

/** Reads to the `end` that names no run. */
async function readAll(response: Response) {
  const read = await Array.fromAsync(readSse(response));
  expect(read.at(-1)).toMatchObject({ event: "end", data: "{}" });
  return read.map(({ event = "message", id, data }) => ({ event, id, data: JSON.parse(data) }));
}

type Read = Awaited<ReturnType<typeof readAll>>;
const sequencesOf = (read: Read, { id }: FakeRun) =>
  read.filter(({ event, data }) => event === "message" && data.runId === id).map(({ data }) => data.sequence);

test("carries many runs, each event with its own token, each end with its run, and one end of all", async () => {
  const runs = [site.fake.addRun(3), site.fake.addRun(1), site.fake.addRun(0)];
  const response = await open(idOf(runs));
  const reading = readAll(response);
  for (const run of runs) run.append();
  for (const run of runs) run.finish();
  const read = await reading;
  expect(runs.map((run) => sequencesOf(read, run))).toEqual([
    [1, 2, 3, 4, 5],
    [1, 2, 3],
    [1, 2],
  ]);
  expect(read.filter(({ event }) => event === "end").map(({ data }) => data.runId)).toEqual(
    expect.arrayContaining([...runs.map(({ id }) => id), undefined]),
  );
  for (const { event, data } of read) {
    if (event === "message") expect(data.resumeToken).toBe(runs.find(({ id }) => id === data.runId)?.token(data.sequence));
  }
});

test("goes on from any of its ids, with the very next event of each run", async () => {
  const runs = [site.fake.addRun(4), site.fake.addRun(2)];
  for (const run of runs) run.finish();
  const whole = await readAll(await open(idOf(runs)));
  const messages = whole.filter(({ event }) => event === "message");
  for (let cut = 1; cut < messages.length; cut += 1) {
    const rest = await readAll(await open(idOf(runs.toReversed()), messages[cut - 1]?.id));
    const joined = [...messages.slice(0, cut), ...rest];
    for (const run of runs) expect(sequencesOf(joined, run)).toEqual(run.events.map(({ sequence }) => sequence));
  }
  const last = messages.at(-1)?.id;
  expect(last?.length).toBeLessThanOrEqual(4_096);
  expect((await open(idOf(runs), last)).status).toBe(204);
});

test("resets a reader whose position is of other runs, and goes on from the first events", async () => {
  const runs = [site.fake.addRun(1), site.fake.addRun(1)];
  for (const run of runs) run.finish();
  const other = (await readAll(await open(runs[0]?.id ?? ""))).at(-1)?.id;
  const read = await readAll(await open(idOf(runs), other));
  expect(read[0]).toMatchObject({ event: "reset", data: { reason: "TOKEN_OF_ANOTHER_RUN", earliest: read[0]?.id } });
  expect(runs.map((run) => sequencesOf(read, run))).toEqual([
    [1, 2],
    [1, 2],
  ]);
});

test("resets the one run whose history is gone, and names it", async () => {
  const runs = [site.fake.addRun(2), site.fake.addRun(2)].sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const run of runs) run.finish();
  const id = (await readAll(await open(idOf(runs)))).findLast(({ event }) => event === "message")?.id ?? "";
  const [first] = runs;
  const future = id.replace(first?.token(3) ?? "", first?.token(9) ?? "");
  const read = await readAll(await open(idOf(runs), future));
  expect(read.filter(({ event }) => event === "reset").map(({ data }) => data)).toEqual([
    { runId: first?.id, reason: "FUTURE", earliest: first?.token(0) },
  ]);
  expect(runs.map((run) => sequencesOf(read, run))).toEqual([[1, 2, 3], []]);
});

test("from now on carries only what comes, and its checkpoints tell where all runs stand", async () => {
  const runs = [site.fake.addRun(2), site.fake.addRun(2)];
  const response = await open(idOf(runs), undefined, "&after=now&types=runFinished");
  const events = readSse(response);
  const idle = (await readUntil(events, "checkpoint")).at(-1);
  for (const run of runs) run.append();
  await vi.waitFor(async () => expect((await readUntil(events, "checkpoint")).at(-1)?.id).not.toBe(idle?.id));
  for (const run of runs) run.finish();
  const seen: number[] = [];
  for await (const { event, data } of events) if (event === undefined) seen.push(JSON.parse(data).sequence);
  expect(seen).toEqual([4, 4]);
});

test.each<[string, string, number, string]>([
  ["no run", "", 400, "INVALID_REQUEST"],
  ["51 runs", Array.from({ length: 51 }, (_, index) => `run-${index}`).join(), 400, "INVALID_REQUEST"],
  ["a run that is not there", "run-0", 404, "RUN_NOT_FOUND"],
])("refuses %s", async (_what, runs, status, reason) => {
  const response = await open(runs);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ error: { reason } });
});

test("refuses a position that is none of its ids", async () => {
  const response = await open(site.fake.addRun(1).id, "c1.nonsense");
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { reason: "TOKEN_MALFORMED" } });
});

test("a run with a long history does not keep the others waiting", async () => {
  const [long, ...short] = Array.from({ length: 4 }, () => site.fake.addRun()).sort((a, b) => (a.id < b.id ? -1 : 1));
  if (long === undefined) throw new Error("No runs.");
  for (let n = 0; n < 6_000; n += 1) long.append("x".repeat(1_000));
  for (const run of short) for (let n = 0; n < 5; n += 1) run.append();
  for (const run of [long, ...short]) run.finish();
  // What is kept already can be written at once.
  await (await fetch(`${site.url}/v1/runs/${long.id}/stream`)).text();
  const read = await readAll(await open(idOf([long, ...short])));
  const runsInOrder = read.filter(({ event }) => event === "message").map(({ data }) => data.runId);
  expect(runsInOrder).toHaveLength(6_001 + 3 * 6);
  for (const { id } of short) expect(runsInOrder.lastIndexOf(id)).toBeLessThan(2_000);
});

test("tells that one of the runs is gone, goes on with the others, and ends with them", async () => {
  const [gone, other] = [site.fake.addRun(1), site.fake.addRun(1)];
  const events = readSse(await open(idOf([gone, other])));
  await readUntil(events, "message");
  await vi.waitFor(() => expect(site.fake.openStreams).toBe(2));
  site.fake.runs.delete(gone.id);
  await site.fake.kill();
  await site.fake.listen();
  const lost = (await readUntil(events, "reset")).at(-1);
  expect(JSON.parse(lost?.data ?? "")).toEqual({ runId: gone.id, reason: "RUN_NOT_FOUND", earliest: "" });
  other.append();
  const last = (await readUntil(events, "message")).at(-1);
  expect(JSON.parse(last?.data ?? "")).toMatchObject({ runId: other.id, sequence: 2 });
  await events.return();
  other.finish();
  const rest = await readAll(await open(idOf([gone, other]), last?.id));
  expect(rest.filter(({ event }) => event === "reset").map(({ data }) => data)).toEqual([
    { runId: gone.id, reason: "EXPIRED", earliest: "" },
  ]);
  expect(sequencesOf(rest, other)).toEqual([3]);
  expect((await open(idOf([gone, other]), rest.at(-1)?.id)).status).toBe(204);
});

test("a run that was swept while its reader was away is told as gone, and hides nothing of the others", async () => {
  const [swept, other] = [site.fake.addRun(2), site.fake.addRun(2)];
  for (const run of [swept, other]) run.finish();
  const whole = await readAll(await open(idOf([swept, other])));
  const first = whole.find(({ event, data }) => event === "message" && data.runId === swept.id);
  swept.isExpired = true;
  const read = await readAll(await open(idOf([swept, other]), first?.id));
  expect(read.filter(({ event }) => event === "reset").map(({ data }) => data)).toEqual([
    { runId: swept.id, reason: "EXPIRED", earliest: "" },
  ]);
  const before = whole.slice(0, whole.findIndex(({ id, event }) => event === "message" && id === first?.id) + 1);
  expect(sequencesOf([...before, ...read], other)).toEqual([1, 2, 3]);
  expect((await open(idOf([swept, other]), read.at(-1)?.id)).status).toBe(204);
  expect((await open(idOf([swept, other]))).status).toBe(404);
});

/** Has every judgement of a run fail, until it is told otherwise. */
function failRun(run: FakeRun, reason: Reason): Disposable {
  run.fault = new Fault(reason);
  return {
    [Symbol.dispose]() {
      run.fault = undefined;
    },
  };
}

test.each(["INTERNAL", "JOURNAL_DAMAGED", "VOLUME_FAILED"] as const)(
  "a run that cannot be read, for %s, waits on its own, and is read when it can be; the others are served",
  async (reason) => {
    const [broken, other] = [site.fake.addRun(2), site.fake.addRun(2)];
    const breaking = failRun(broken, reason);
    const response = await open(idOf([broken, other]));
    expect(response.status).toBe(200);
    const events = readSse(response);
    const told = [...(await readUntil(events, "message")), ...(await readUntil(events, "message"))];
    const last = told.at(-1);
    expect(JSON.parse(last?.data ?? "")).toMatchObject({ runId: other.id, sequence: 2 });
    // Whoever comes back meanwhile loses nothing of either.
    const again = readSse(await open(idOf([broken, other]), last?.id));
    other.append();
    expect(JSON.parse((await readUntil(again, "message")).at(-1)?.data ?? "")).toMatchObject({ runId: other.id, sequence: 3 });
    breaking[Symbol.dispose]();
    for (const sequence of [1, 2])
      expect(JSON.parse((await readUntil(again, "message")).at(-1)?.data ?? "")).toMatchObject({ runId: broken.id, sequence });
    for (const run of [broken, other]) run.finish();
    const rest: Read = [];
    for await (const { event = "message", id, data } of again) rest.push({ event, id, data: JSON.parse(data) });
    expect([sequencesOf(rest, broken), sequencesOf(rest, other)]).toEqual([[3], [4]]);
    expect(rest.at(-1)).toMatchObject({ event: "end", data: {} });
    await events.return();
  },
);

test("runs none of which can be read now say busy", async () => {
  const runs = [site.fake.addRun(1), site.fake.addRun(1)];
  const breaking = runs.map((run) => failRun(run, "VOLUME_FAILED"));
  const response = await open(idOf(runs));
  expect(response.status).toBe(200);
  expect(await response.text()).toMatch(/event: busy\ndata: \{"afterMs":\d+\}\n\n$/);
  for (const each of breaking) each[Symbol.dispose]();
});

test("a run that fails while it is read is read on from where it was; the others do not notice", async () => {
  const [broken, other] = [site.fake.addRun(1), site.fake.addRun(1)];
  const events = readSse(await open(idOf([broken, other])));
  await readUntil(events, "message");
  await readUntil(events, "message");
  await vi.waitFor(() => expect(site.fake.openStreams).toBe(2));
  broken.fault = new Fault("INTERNAL");
  await site.fake.kill();
  await site.fake.listen();
  for (const run of [broken, other]) run.append();
  expect(JSON.parse((await readUntil(events, "message")).at(-1)?.data ?? "")).toMatchObject({ runId: other.id, sequence: 2 });
  broken.fault = undefined;
  expect(JSON.parse((await readUntil(events, "message")).at(-1)?.data ?? "")).toMatchObject({ runId: broken.id, sequence: 2 });
  for (const run of [broken, other]) run.finish();
  const ends = [await readUntil(events, "end"), await readUntil(events, "end"), await readUntil(events, "end")];
  expect(ends.at(-1)?.at(-1)?.data).toBe("{}");
});

test("sends its reader away when none of the runs can be read now, or it may not read one any more", async () => {
  for (const [first, second] of [
    ["NOT_PERMITTED", "NOT_PERMITTED"],
    ["KEY_INVALID", undefined],
  ] as const) {
    const runs = [site.fake.addRun(1), site.fake.addRun(1)];
    const events = readSse(await open(idOf(runs)));
    await readUntil(events, "message");
    await vi.waitFor(() => expect(site.fake.openStreams).toBe(2));
    for (const [index, reason] of [first, second].entries()) {
      const run = runs[index];
      if (run !== undefined && reason !== undefined) run.fault = new Fault(reason);
    }
    await site.fake.kill();
    await site.fake.listen();
    expect((await readUntil(events, "reconnect")).at(-1)?.id).toBeUndefined();
    expect(await events.next()).toMatchObject({ done: true });
    await vi.waitFor(() => expect(site.fake.openStreams).toBe(0));
  }
});
