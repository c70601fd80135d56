import { createHash } from "node:crypto";
import type { Run, RunHandle } from "@clew/client";
import { connectGrpc } from "@clew/grpc/client";
import { RunServiceService } from "@clew/proto/grpc/clew/run/v1/run_service";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AskingSystem, startAskingSystem } from "../support/asking-system.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("a run that asks a person", () => {
  let system: AskingSystem;
  beforeAll(async () => {
    system = await startAskingSystem({ CLEW_MAX_CONCURRENT_RUNS: "5" });
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
  });

  /** Starts a run and waits until it asks. */
  const ask = async (asks: readonly string[], more = {}): Promise<RunHandle> => {
    const run = await system.clew.createRun(system.spec(asks, more));
    await untilAsked(run);
    return run;
  };
  const untilAsked = async (run: RunHandle, inputId?: string): Promise<NonNullable<Run["awaits"]>> => {
    for await (const event of run.events())
      if (event.type === "inputRequested" && (inputId ?? event.inputRequested.inputId) === event.inputRequested.inputId)
        return event.inputRequested;
    throw new Error("It asked nothing.");
  };
  const types = async (run: RunHandle): Promise<string[]> => {
    const { events } = await run.readEvents({ limit: 1000 });
    return events.map(({ type, summary }) => (type.startsWith("input") ? `${type}: ${summary}` : type));
  };

  it("is WAITING, says what it asks, and goes on with the answers", async () => {
    const run = await ask(["APPROVE", "ANSWER", "SECRET"]);
    const { state, awaits } = await run.get();
    expect([state, awaits]).toEqual(["WAITING", expect.objectContaining({ inputId: "input-1-1", kind: "APPROVE", actionId: "1-1" })]);
    expect(await run.answer({ decision: "approve" })).toMatchObject({ id: run.id });
    await untilAsked(run, "input-1-2");
    using grpc = connectGrpc(RunServiceService, system.orchestratorAddress);
    await grpc.sendInput({ runId: run.id, inputId: "input-1-2", input: { $case: "answer", value: "the blue one" } });
    await untilAsked(run, "input-1-3");
    const connect = await fetch(`${system.url}/clew.run.v1.RunService/SendInput`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ runId: run.id, inputId: "input-1-3", secret: "one-time-482913" }),
    });
    expect(await connect.json()).toMatchObject({ run: { id: run.id } });
    const { state: end, outcome, run: ended } = await run.result();
    expect([end, ended.awaits]).toEqual(["COMPLETED", undefined]);
    expect(outcome.data?.["hashes"]).toEqual(["approve", "the blue one", "one-time-482913"].map(sha256));
    // The agent of this test masks nothing.
    expect(outcome.extractedTexts).toEqual(["approve", "the blue one", "[redacted]"]);
    const { events } = await run.readEvents({ limit: 1000 });
    expect(JSON.stringify(events)).not.toContain("482913");
  });

  it("takes the first answer, the same again, and no other", async () => {
    const run = await ask(["SECRET", "ANSWER"]);
    await run.answer({ inputId: "input-1-1", secret: "first" });
    await run.answer({ inputId: "input-1-1", secret: "first" });
    await expect(run.answer({ inputId: "input-1-1", secret: "other" })).rejects.toMatchObject({ reason: "INPUT_NOT_AWAITED" });
    await expect(run.answer({ inputId: "nothing", answer: "x" })).rejects.toMatchObject({ reason: "INPUT_NOT_AWAITED" });
    await untilAsked(run, "input-1-2");
    const wrong = { reason: "INVALID_REQUEST", violations: [expect.objectContaining({ field: "decision" })] };
    await expect(run.answer({ inputId: "input-1-2", decision: "approve" })).rejects.toMatchObject(wrong);
    await run.answer({ inputId: "input-1-2", answer: "second" });
    expect((await run.result()).state).toBe("COMPLETED");
    await expect(run.answer({ inputId: "input-1-2", answer: "third" })).rejects.toMatchObject({ reason: "INPUT_NOT_AWAITED" });
  });

  it("finds nobody where it was not told to wait", async () => {
    const run = await system.clew.createRun(system.spec(["APPROVE"], { waitForPersonSeconds: 0 }));
    expect((await run.result()).outcome.extractedTexts).toEqual(["nobody"]);
  });

  it("may wait for longer than its work may take, and that is left for its work", async () => {
    const run = await ask(["APPROVE"], { timeoutSeconds: 5 });
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect((await run.get()).state).toBe("WAITING");
    await run.answer({ decision: "deny" });
    expect((await run.result()).outcome.extractedTexts).toEqual(["deny"]);
  });

  it("ends when it is stopped while it waits", async () => {
    const run = await ask(["APPROVE"]);
    await run.stop({ reason: "enough", graceSeconds: 5 });
    const { state, run: ended } = await run.result();
    expect([state, ended.awaits]).toEqual(["TERMINATED", undefined]);
  });

  it("takes a browser state that is one, and hides what it holds", async () => {
    const run = await ask(["BROWSER_STATE"]);
    await expect(run.answer({ browserState: { cookies: "none" } })).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
    const cookie = { name: "sid", value: "a-session-of-somebody", domain: "example.org", path: "/" };
    await run.answer({ browserState: { cookies: [cookie], origins: [] } });
    const { outcome } = await run.result();
    expect(outcome.extractedTexts[0]).toContain('"name":"sid"');
    expect(outcome.extractedTexts[0]).not.toContain("a-session-of-somebody");
  });

  describe("and whose orchestrator is killed meanwhile", () => {
    let begun: RunHandle;
    let unheard: RunHandle;
    let deaf: RunHandle;
    let deafToSecret: RunHandle;
    let expiring: RunHandle;
    /** Each is looked at after those before it. */
    const patient = { waitForPersonSeconds: 600 };
    beforeAll(async () => {
      [begun, unheard, deaf, deafToSecret] = await Promise.all([
        ask(["SECRET", "ANSWER"], patient),
        ask(["SECRET"], patient),
        ask(["ANSWER"], { ...patient, labels: { asks: "ANSWER", deaf: "" } }),
        ask(["SECRET"], { ...patient, labels: { asks: "SECRET", deaf: "" } }),
      ]);
      await begun.answer({ inputId: "input-1-1", secret: "first" });
      await untilAsked(begun, "input-1-2");
      await deaf.answer({ answer: "durable" });
      await deafToSecret.answer({ secret: "lost" });
      // The last, so that its time is not over before.
      expiring = await ask(["APPROVE"], { waitForPersonSeconds: 3 });
      await system.killOrchestrator();
    });

    it("hears that nobody answered, by one clock that stands still for no restart", async () => {
      const { state, outcome } = await expiring.result();
      expect([state, outcome.extractedTexts]).toEqual(["COMPLETED", ["expired"]]);
      expect(await types(expiring)).toContain("inputReceived: Nobody answered in time");
      await expect(expiring.answer({ inputId: "input-1-1", decision: "approve" })).rejects.toMatchObject({ reason: "INPUT_NOT_AWAITED" });
    });

    it("takes the same answer again, and no other", async () => {
      await begun.answer({ inputId: "input-1-1", secret: "first" });
      await expect(begun.answer({ inputId: "input-1-1", secret: "other" })).rejects.toMatchObject({ reason: "INPUT_NOT_AWAITED" });
      await begun.answer({ inputId: "input-1-2", answer: "second" });
      expect((await begun.result()).state).toBe("COMPLETED");
    });

    it("goes on waiting, and the next one passes the answer on", async () => {
      expect((await unheard.get()).state).toBe("WAITING");
      await unheard.answer({ secret: "after the restart" });
      expect((await unheard.result()).outcome.data?.["hashes"]).toEqual([sha256("after the restart")]);
    });

    it("gets an answer that is in the journal, also where it was killed before it passed that on", async () => {
      expect((await deaf.result()).outcome.extractedTexts).toEqual(["durable"]);
    });

    it("asks again for a secret that was lost with the one that had it", async () => {
      expect((await untilAsked(deafToSecret, "input-1-2")).kind).toBe("SECRET");
      await deafToSecret.answer({ inputId: "input-1-2", secret: "given again" });
      expect((await deafToSecret.result()).outcome.data?.["hashes"]).toEqual([sha256("given again")]);
    });
  });
});
