import { KnownSecrets } from "@clew/playbook/known-secrets";
import { DeliverInputRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { describe, expect, it } from "vitest";
import { ReportInMemory } from "../work.fixture.ts";
import { RemotePerson } from "./ask-person.ts";

/** A run whose questions are answered as `answer` says, once each is in the journal. */
function start({
  waitSeconds = 60,
  answer,
}: {
  waitSeconds?: number;
  answer?: (inputId: string) => Partial<DeliverInputRequest> | undefined;
}) {
  const stopping = new AbortController();
  const secrets = new KnownSecrets(["hunter2"]);
  const report = new ReportInMemory(({ payload }) => {
    if (payload.$case !== "inputRequested") return;
    const { inputId } = payload.value;
    const given = answer?.(inputId);
    if (given !== undefined) person.deliver(DeliverInputRequest.fromPartial({ inputId, ...given }));
  });
  const person: RemotePerson = new RemotePerson({ attempt: 2, waitSeconds, report, secrets, stopping: stopping.signal });
  return { person, report, secrets, stopping };
}

const never = new AbortController().signal;
const approve = { kind: "APPROVE", prompt: "Send it?" } as const;

describe("a person who is asked", () => {
  it("is asked durably, and answers", async () => {
    const { person, report } = start({ answer: () => ({ answer: "approve" }) });
    expect(await person.ask({ ...approve, actionId: "2-1", choices: ["a"] }, never)).toEqual({ answer: "approve" });
    expect(report.confirmed).toHaveLength(1);
    expect(report.all("inputRequested")[0]).toMatchObject({
      inputId: "input-2-1",
      kind: 1,
      prompt: "Send it?",
      actionId: "2-1",
      choices: ["a"],
    });
  });

  it("is not there where the run does not wait for one", async () => {
    const { person, report } = start({ waitSeconds: 0 });
    expect(await person.ask(approve, never)).toBe("nobody");
    expect(report.events).toEqual([]);
  });

  it("may not answer in time", async () => {
    expect(await start({ answer: () => ({ expired: true }) }).person.ask(approve, never)).toBe("expired");
  });

  it("is asked again where the answer was lost on its way", async () => {
    const { person, report } = start({ answer: (id) => (id === "input-2-1" ? { lost: true } : { answer: "123456" }) });
    expect(await person.ask({ kind: "SECRET", prompt: "Which code?" }, never)).toEqual({ answer: "123456" });
    expect(report.all("inputRequested").map(({ inputId }) => inputId)).toEqual(["input-2-1", "input-2-2"]);
  });

  it("is asked one question at a time, and each answer finds its own", async () => {
    const { person, report } = start({});
    const first = person.ask(approve, never);
    const second = person.ask({ kind: "ANSWER", prompt: "Which?" }, never);
    await expect.poll(() => report.events.length).toBe(1);
    person.deliver(DeliverInputRequest.fromPartial({ inputId: "input-2-2", answer: "too soon" }));
    person.deliver(DeliverInputRequest.fromPartial({ inputId: "input-2-1", answer: "deny" }));
    person.deliver(DeliverInputRequest.fromPartial({ inputId: "input-2-1", answer: "approve" }));
    expect(await first).toEqual({ answer: "deny" });
    await expect.poll(() => report.events.length).toBe(2);
    person.deliver(DeliverInputRequest.fromPartial({ inputId: "input-2-2", answer: "this" }));
    expect(await second).toEqual({ answer: "this" });
  });

  it("adds to the run's secrets, before anybody has the answer", async () => {
    const { person, secrets } = start({ answer: () => ({ answer: "one-time-code" }) });
    await person.ask({ kind: "SECRET", prompt: "Which code?" }, never);
    expect(secrets.redact("typed one-time-code")).toBe("typed [redacted]");
    const login = JSON.stringify({
      cookies: [{ name: "sid", value: "cookie-value" }],
      origins: [{ localStorage: [{ name: "t", value: '{"token":"token-in-json"}' }] }],
    });
    const other = start({ answer: () => ({ answer: login }) });
    await other.person.ask({ kind: "BROWSER_STATE", prompt: "Log in" }, never);
    expect(other.secrets.redact("cookie-value token-in-json sid")).toBe("[redacted] [redacted] sid");
  });

  it("never reads a secret in a question, not even where it is cut", async () => {
    const { person, report } = start({ answer: () => ({ answer: "yes" }) });
    await person.ask({ kind: "ANSWER", prompt: `${"x".repeat(1_995)}hunter2` }, never);
    expect(report.all("inputRequested")[0]?.prompt).toBe(`${"x".repeat(1_995)}[reda`);
  });

  it("is waited for no longer once the run is being stopped, or the wait is given up", async () => {
    const { person, stopping } = start({});
    const asked = person.ask(approve, never);
    stopping.abort(new Error("stopped"));
    await expect(asked).rejects.toThrow("stopped");
    const giveUp = new AbortController();
    const again = start({}).person.ask(approve, giveUp.signal);
    giveUp.abort(new Error("given up"));
    await expect(again).rejects.toThrow("given up");
  });
});
