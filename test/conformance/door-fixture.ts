import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { RunHandle, RunSpec } from "@clew/client";
import { readSse } from "../support/doors.ts";
import { type System, startSystem, waitingPlaybook } from "../support/system.ts";
import type { Doorway, JsonFields } from "../support/told.ts";
import type { After, RunName } from "./door-case.ts";

/** The runs and the callers that the cases speak of. Dispose it: all of it goes. */
export interface DoorFixture extends AsyncDisposable {
  /** A run's id; of a `queued` one, a new one's. */
  runId(name: RunName): Promise<string>;
  /** What a reader sends who says that he is there. */
  positionOf(after: After, run: RunName): string;
  /** The doors, with the key of a caller. */
  doorway(as: "owner" | "stranger" | "forger" | "nobody"): Doorway;
  /** Puts ids in the place of their names. */
  fill(fields: JsonFields): JsonFields;
  stop(runId: string): Promise<void>;
  /** The sequences of all events the run has in the end. */
  sequencesOf(runId: string): Promise<readonly number[]>;
}

const owner = "a-key-for-the-cases";
const stranger = "another-tenants-key";
/** What is only queued: nothing is ever opened. */
const hello = { playbook: "hello", guardrails: { allowedPrivateHosts: ["127.0.0.1:4000"] } } satisfies RunSpec;

/** Starts a system with one place, and makes the runs: one that did its work, one stopped in the queue, one whose journal was damaged, one that holds the place. */
export async function startDoorFixture(): Promise<DoorFixture> {
  await using undo = new AsyncDisposableStack();
  const system = undo.use(
    await startSystem({
      CLEW_API_KEYS: `default:${owner},other:${stranger}`,
      CLEW_POLICY: "{ allowPrivateNetworks: true }",
      CLEW_SERVICE_KEY: "the-service-key-of-cases",
      CLEW_MAX_CONCURRENT_RUNS: "1",
    }),
  );
  const finished = await system.clew.createRun(await system.cancelOrder());
  await finished.result();
  const waiting = await system.clew.createRun(
    system.spec(waitingPlaybook(system.backOffice.url).replace("abort", "retry"), { timeoutSeconds: 3_600 }),
  );
  for await (const event of waiting.events()) if (event.type === "actionStarted" && event.actionStarted.action === "wait_for") break;
  const stoppedSpec = { ...hello, labels: { case: "stopped" } };
  const stopped = await stopInQueue(system, stoppedSpec, "the-one-request");
  const damaged = await stopInQueue(system, hello, "the-damaged-one");
  const tokens = {
    finished: await tokensOf(system, finished.id),
    stopped: await tokensOf(system, stopped.id),
    damaged: await tokensOf(system, damaged.id),
    queued: [],
  };
  await system.restart(() => damageJournal(system.volume, damaged.id), "kill");
  const ids = { finished: finished.id, stopped: stopped.id, damaged: damaged.id };
  const names: ReadonlyMap<unknown, unknown> = new Map<unknown, unknown>([
    ["$finished", finished.id],
    ["$stopped", stopped.id],
    ["$waiting", waiting.id],
    ["$stoppedSpec", stoppedSpec],
  ]);
  const all = undo.move();
  return {
    async runId(name) {
      return name === "queued" ? (await system.clew.createRun(hello)).id : ids[name];
    },
    positionOf(after, run) {
      if (typeof after === "string") return after;
      const known = tokens[after.of ?? run];
      const token = after.tokenOf === "last" ? known.at(-1) : known[after.tokenOf - 1];
      if (token === undefined) throw new Error(`there is no event ${after.tokenOf}`);
      return after.forged === undefined ? token : forge(token, after.forged);
    },
    doorway(as) {
      const at = { url: system.url, orchestratorAddress: system.orchestratorAddress };
      return as === "nobody" ? at : { ...at, key: { owner, stranger, forger: "a-key-that-is-none" }[as] };
    },
    fill: (fields) => JSON.parse(JSON.stringify(fields), (_, value) => names.get(value) ?? value),
    async stop(runId) {
      await system.clew.run(runId).stop({ reason: "for the cases" });
    },
    sequencesOf: async (runId) => (await readSse(system, runId)).map((line): number => JSON.parse(line).sequence),
    // The run that holds the place is stopped with the services.
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Makes a run and stops it before it has a sandbox: all of its life costs nothing. */
async function stopInQueue(system: System, spec: RunSpec, requestId: string): Promise<RunHandle> {
  const run = await system.clew.createRun(spec, { requestId });
  await run.stop({ reason: "for the cases" });
  await run.result();
  return run;
}

async function tokensOf(system: System, runId: string): Promise<readonly string[]> {
  return (await readSse(system, runId)).map((line): string => JSON.parse(line).resumeToken);
}

/** Changes a byte in the fourth of a journal's records: later ones prove that it was durable. Without what is derived from it the journal is scanned at the start. */
async function damageJournal(volume: string, runId: string): Promise<void> {
  const folder = join(volume, "runs", runId);
  for (const suffix of ["", "-wal", "-shm"]) await rm(join(volume, `registry.sqlite${suffix}`), { force: true });
  await rm(join(folder, "journal.index"));
  await using journal = await open(join(folder, "journal"), "r+");
  const bytes = await journal.readFile();
  const at = bytes.indexOf("for the cases");
  if (at < 0) throw new Error("the journal does not hold the reason of the stop");
  await journal.write(Buffer.from("F"), 0, 1, at);
  await journal.sync();
}

/** A resume token is `c1.` and base64url of: run 4 │ epoch 4 │ sequence 4 │ chain 8 │ offset 6. */
function forge(token: string, what: "chain" | "epoch"): string {
  const bytes = Buffer.from(token.slice("c1.".length), "base64url");
  const at = what === "epoch" ? 4 : 12;
  bytes[at] = (bytes[at] ?? 0) ^ 0x55;
  return `c1.${bytes.toString("base64url")}`;
}
