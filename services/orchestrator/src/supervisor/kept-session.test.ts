import { Fault } from "@clew/fault/fault";
import { createLogger } from "@clew/process/logger";
import { Outcome, Run, Run_State, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import type { Session } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { Journal } from "../journal/journal.ts";
import { BrowserStates } from "../states/browser-states.ts";
import { KeptSessions } from "../states/kept-sessions.ts";
import { keepSession, readParentSession } from "./kept-session.ts";
import { outcomePublished } from "./phrases.ts";
import { RunLog } from "./run-log.ts";
import { RunSecrets } from "./run-secrets.ts";

const runId = `run-${"5".repeat(32)}`;
const cookie = { name: "sid", value: "a-session-of-somebody", domain: "example.org", path: "/" };
const browserState = JSON.stringify({ cookies: [cookie], origins: [] });
const left = { browserState, address: "https://example.org/orders", memory: "what the agent says of itself" };

let temp: TempFolder;
let log: RunLog;
beforeEach(async () => {
  temp = await tempFolder();
  const journal = await Journal.create({ folder: temp.path, runId, onDurable: (records) => log.hear(records) });
  log = new RunLog(journal, undefined, () => {});
  const run = Run.fromPartial({ id: runId, tenant: "acme", state: Run_State.QUEUED });
  const outcome = Outcome.fromPartial({ summary: "Done.", sessionMemory: "Two orders are open." });
  await log.begin([
    { attempt: 0, summary: "", payload: { $case: "runCreated", value: { run, by: undefined, requestId: "", requestHmac: "" } } },
    { attempt: 1, summary: "", payload: { $case: "attemptStarted", value: { cause: "", isolation: "process" } } },
    { attempt: 1, ...outcomePublished(Run_State.COMPLETED, outcome) },
  ]);
});
afterEach(async () => {
  await log[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

const openSessions = async (key: string | undefined) =>
  new KeptSessions({ volume: { runFolder: () => temp.path }, states: await BrowserStates.open(temp.path, key) });

/** What a run with this spec keeps of what its agent hands out, and what it warned of. */
async function keep(
  session: Session | undefined,
  spec: object = { keepAliveSeconds: 0 },
  key: string | undefined = "a passphrase of the test",
) {
  const sessions = await openSessions(key);
  const asked = RunSpec.fromPartial(spec);
  const secrets = new RunSecrets(asked);
  const agent = { takeBrowserState: async () => ({ loggedOut: false, session }) };
  const plan = { log, attempt: 1, spec: asked, sessions, secrets, logger: createLogger({ name: "test", level: "silent" }) };
  const before = log.journal.durable;
  await keepSession(plan, { agent }, new AbortController().signal);
  return { sessions, secrets, warnings: log.journal.durable - before };
}

it("keeps a run's login and address, with the memory that its record has", async () => {
  const { sessions, secrets, warnings } = await keep(left);
  expect(await sessions.read(log.run)).toEqual({ ...left, memory: "Two orders are open." });
  expect(secrets.known.redact("sid=a-session-of-somebody")).toBe("sid=[redacted]");
  expect(warnings).toBe(0);
});

it.each([
  ["no session", undefined],
  ["one that is none", { ...left, browserState: "{}" }],
  [
    "one that is too large",
    { ...left, browserState: JSON.stringify({ cookies: [{ ...cookie, value: "x".repeat(800_000) }], origins: [] }) },
  ],
])("warns where the sandbox gave %s", async (_, session) => {
  const { sessions, warnings } = await keep(session);
  expect(await sessions.read(log.run)).toBeUndefined();
  expect(warnings).toBe(1);
});

it("asks for nothing where nothing is to be left", async () => {
  const { sessions, warnings } = await keep(left, {});
  expect(await sessions.read(log.run)).toBeUndefined();
  expect(warnings).toBe(0);
});

it("hands a run that continues its parent's memory, which has all else in its browser", async () => {
  const { sessions } = await keep(left);
  const spec = RunSpec.fromPartial({ continueFrom: runId });
  const logger = createLogger({ name: "test", level: "silent" });
  const plan = { log, attempt: 1, spec, sessions, secrets: new RunSecrets(spec), parentMemory: "Two orders are open.", logger };
  expect(await readParentSession(plan)).toEqual({ browserState: "", address: "", memory: "Two orders are open." });
});

it("hands a fork what its parent left, as a secret, and fails it where that is gone", async () => {
  const { sessions } = await keep(left);
  const spec = RunSpec.fromPartial({ forkFrom: runId });
  const plan = () => ({
    log,
    attempt: 1,
    spec,
    sessions,
    secrets: new RunSecrets(spec),
    logger: createLogger({ name: "test", level: "silent" }),
  });
  const fork = plan();
  expect(await readParentSession(fork)).toMatchObject({ browserState });
  expect(fork.secrets.known.redact("sid=a-session-of-somebody")).toBe("sid=[redacted]");
  await sessions.remove(log.run);
  await expect(readParentSession(plan())).rejects.toSatisfy((thrown) => Fault.from(thrown).reason === "PARENT_GONE");
});
