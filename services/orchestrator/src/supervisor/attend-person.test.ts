import { join } from "node:path";
import { createLogger } from "@clew/process/logger";
import { InputRequested, Run, Run_State, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { Journal } from "../journal/journal.ts";
import type { Payload } from "../runs/event.ts";
import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import { answerInput } from "./answer-input.ts";
import { attendPerson } from "./attend-person.ts";
import { RunLog } from "./run-log.ts";
import { RunSecrets } from "./run-secrets.ts";

const runId = `run-${"7".repeat(32)}`;
const actor = { key: "", actor: "" };
const signAnswer = (...parts: readonly string[]) => parts.join("/");

describe("who attends a run that asks", () => {
  let temp: TempFolder;
  let log: RunLog;
  let calls: string[];
  let ending: AbortController;
  let failures: number;
  beforeEach(async () => {
    temp = await tempFolder();
    calls = [];
    failures = 0;
    ending = new AbortController();
    const journal = await Journal.create({ folder: join(temp.path, runId), runId, onDurable: (records) => log.hear(records) });
    log = new RunLog(journal, undefined, () => {});
    const run = Run.fromPartial({ id: runId, state: Run_State.QUEUED, spec: { timeoutSeconds: 100, waitForPersonSeconds: 60 } });
    await say({ $case: "runCreated", value: { run, by: undefined, requestId: "", requestHmac: "" } });
    await say({ $case: "attemptStarted", value: { cause: "", isolation: "process" } });
    await say({ $case: "runStarted", value: { browser: "", stepCount: 1 } });
  });
  afterEach(async () => {
    ending.abort(new Error("over"));
    await log[Symbol.asyncDispose]();
    await temp[Symbol.asyncDispose]();
  });

  async function say(payload: Payload): Promise<void> {
    const draft = [{ attempt: 1, summary: "", payload }];
    await (log.isBegun ? log.decide(() => draft) : log.begin(draft));
  }
  const ask = (inputId: string, kind: InputRequested["kind"], forMs = 30_000) =>
    say({ $case: "inputRequested", value: InputRequested.fromPartial({ inputId, kind, expireTime: new Date(Date.now() + forMs) }) });

  /** Attends with a sandbox whose calls are noted, and fail as often as `failures` says. */
  function attend(secrets = new RunSecrets(RunSpec.fromPartial({}))): RunSecrets {
    const noted = (call: string) => {
      if (failures-- > 0) throw new Error("not now");
      calls.push(call);
      return {};
    };
    const connection = {
      warden: {
        holdSecrets: async () => {},
        setDeadline: async ({ remainingMs }: { remainingMs: number }) => noted(`deadline ${Math.round(remainingMs / 10_000) * 10}`),
      },
      agent: {
        deliverInput: async ({ inputId, answer, expired, lost }: Record<string, unknown>) =>
          noted(`${inputId}: ${expired ? "expired" : lost ? "lost" : answer}`),
      },
    } as unknown as SandboxConnection;
    const plan = { log, attempt: 1, secrets, signAnswer, logger: createLogger({ name: "test", level: "silent" }) };
    attendPerson(plan, connection, ending.signal).catch(() => {});
    return secrets;
  }
  const answer = (inputId: string, form: "decision" | "answer" | "secret", text: string, secrets: RunSecrets) =>
    answerInput({ log, secrets, signAnswer }, inputId, { form, text }, actor);

  it("moves the warden's own deadline both ways, and passes the answer on", async () => {
    const secrets = attend();
    await ask("a", 1);
    // 100 s to work, 30 s for the person, 60 s to store what there is.
    await expect.poll(() => calls).toEqual(["deadline 190"]);
    await answer("a", "decision", "approve", secrets);
    await expect.poll(() => calls).toEqual(["deadline 190", "deadline 160", "a: approve"]);
  });

  it("tries again where the sandbox does not answer, and passes each answer on once", async () => {
    const secrets = attend();
    failures = 2;
    await ask("a", 3);
    await answer("a", "secret", "hunter22", secrets);
    await expect.poll(() => calls.at(-1), { timeout: 5_000 }).toBe("a: hunter22");
    await ask("b", 2);
    await answer("b", "answer", "hunter22 it is", secrets);
    await expect.poll(() => calls.at(-1), { timeout: 5_000 }).toBe("b: hunter22 it is");
    expect(calls.filter((call) => call.startsWith("a:"))).toHaveLength(1);
    // What a person gave as a secret is one wherever else it is written.
    expect(log.fold.inputs[1]?.answer).toBe("[redacted] it is");
  });

  it("says that nobody answered in time, also what ended while nobody was here", async () => {
    await ask("a", 1, -1_000);
    attend();
    await expect.poll(() => calls.at(-1), { timeout: 5_000 }).toBe("a: expired");
    expect(log.fold.inputs).toMatchObject([{ inputId: "a", decision: "expired" }]);
    await expect(answer("a", "decision", "approve", new RunSecrets(RunSpec.fromPartial({})))).rejects.toMatchObject({
      reason: "INPUT_NOT_AWAITED",
    });
  });

  it("takes over what one before passed on or not: by the journal, or as lost where that is not whole", async () => {
    const before = new RunSecrets(RunSpec.fromPartial({ credentials: { password: "s3cret-word" } }));
    await ask("a", 2);
    await answer("a", "answer", "whole", before);
    attend();
    await expect.poll(() => calls.at(-1), { timeout: 5_000 }).toBe("a: whole");
    await ask("b", 2);
    // Masked in the journal: what is there is not what the person said.
    await answer("b", "answer", "it holds s3cret-word", before);
    await expect.poll(() => calls.at(-1), { timeout: 5_000 }).toBe("b: lost");
  });
});
