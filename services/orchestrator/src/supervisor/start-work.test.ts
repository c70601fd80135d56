import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { createLogger } from "@clew/process/logger";
import { Run, Run_State, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { SandboxExited, SandboxReady } from "@clew/proto/grpc/clew/run/v1/run_event";
import { expect, it } from "vitest";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import { Journal } from "../journal/journal.ts";
import type { Payload } from "../runs/event.ts";
import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import { RunLog } from "./run-log.ts";
import { RunSecrets } from "./run-secrets.ts";
import { startWork } from "./start-work.ts";

const runId = `run-${"7".repeat(32)}`;

/** Has work begun by an agent that answers so, call by call; answers how often it was called. */
async function start(answer: (call: number, log: RunLog) => Promise<object>, held: string[] = []): Promise<number> {
  await using temp = await tempFolder();
  const runFolder = join(temp.path, runId);
  const journal = await Journal.create({ folder: runFolder, runId, onDurable: (records) => log.hear(records) });
  await using log: RunLog = new RunLog(journal, undefined, () => {});
  const spec = RunSpec.fromPartial({ timeoutSeconds: 600, credentials: { password: "hunter22" } });
  const run = Run.fromPartial({ id: runId, state: Run_State.QUEUED, spec });
  const said: Payload[] = [
    { $case: "runCreated", value: { run, by: undefined, requestId: "", requestHmac: "" } },
    { $case: "attemptStarted", value: { cause: "", isolation: "process" } },
    { $case: "sandboxReady", value: SandboxReady.fromPartial({}) },
  ];
  await log.begin(said.map((payload) => ({ attempt: payload.$case === "runCreated" ? 0 : 1, summary: "", payload })));
  const fixed = { runId, isolation: "process", wardenAddress: "", agentAddress: "", pid: 0, startTime: "", bootId: "" } as const;
  const notAsked = () => Promise.reject(new Error("It was asked for."));
  const plan = {
    log,
    attempt: 1,
    provider: {
      isolation: "process",
      start: notAsked,
      find: notAsked,
      connect: () => {
        throw new Error("It was connected.");
      },
      isAlive: notAsked,
      kill: notAsked,
      remove: notAsked,
      clear: notAsked,
    },
    handle: { ...fixed, attempt: 1, workFolder: join(runFolder, "work-1") },
    runFolder,
    spec,
    secrets: new RunSecrets(spec),
    signAnswer: () => "",
    playbookSource: "id: x",
    calledPlaybooks: {},
    logger: createLogger({ name: "test", level: "silent" }),
  } as const;
  let calls = 0;
  const agent = { startWork: () => answer(++calls, log) } as unknown as SandboxConnection["agent"];
  const warden = {
    holdSecrets: async ({ values }: { values: string[] }) => void held.push(...values),
  } as unknown as SandboxConnection["warden"];
  await startWork(plan, { agent, warden }, AbortSignal.timeout(20_000));
  return calls;
}

it.each(["SANDBOX_UNREACHABLE", "DEADLINE_EXCEEDED"] as const)("asks again where an answer is lost: %s", async (reason) => {
  expect(await start(async (call) => (call < 3 ? Promise.reject(new Fault(reason)) : {}))).toBe(3);
});

it("has the warden hold what is secret before the agent is given it", async () => {
  const held: string[] = [];
  const given = start(async () => Promise.reject(new Fault("RUN_NOT_FOUND", { message: held.join() })), held);
  await expect(given).rejects.toMatchObject({ cause: { message: "hunter22" } });
});

it("takes a refusal for the sandbox's end, whatever that calls it", async () => {
  await expect(start(() => Promise.reject(new Fault("RUN_NOT_FOUND")))).rejects.toMatchObject({ reason: "SANDBOX_LOST" });
});

it.each<[string, Payload]>([
  ["has exited", { $case: "sandboxExited", value: SandboxExited.fromPartial({}) }],
  ["is to stop", { $case: "stopRequested", value: { reason: "", graceSeconds: 1, by: { key: "ops", actor: "" } } }],
])("asks no more once the sandbox %s", async (_, payload) => {
  const calls = await start(async (_call, log) => {
    await log.decide(() => [{ attempt: 1, summary: "", payload }]);
    throw new Fault("SANDBOX_UNREACHABLE");
  });
  expect(calls).toBe(1);
});
