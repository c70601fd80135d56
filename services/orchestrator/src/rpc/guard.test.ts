import { createHmac } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { Fault } from "@clew/fault/fault";
import type { CallContext } from "@clew/grpc/service";
import { abortable } from "@clew/streams/abortable";
import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it, vi } from "vitest";
import { KeyRing } from "../access/key-ring.ts";
import { type ApiKey, hashKey } from "../access/keys.ts";
import { type Right, rights } from "../access/rights.ts";
import { formatTicket } from "../access/ticket.ts";
import type { AuditEntry } from "../audit/audit-entry.ts";
import { Guard } from "./guard.ts";

const startMs = 1_000_000;
const runId = `run-${"1".repeat(32)}`;
const signTicket = (text: string) => createHmac("sha256", "volume").update(text).digest("hex");
const key = (name: string, more: Partial<ApiKey> = {}): ApiKey => {
  const usual = { tenant: "acme", rights: new Set<Right>(rights), isService: false, expireTimeMs: undefined };
  return { ...usual, name, hash: hashKey(`${name}-key`), ...more };
};
const keys = [key("ci"), key("auditor", { rights: new Set<Right>(["read"]) })];

function guarded(given: readonly ApiKey[] = keys) {
  const ring = new KeyRing(given);
  const noted: AuditEntry[] = [];
  let nowMs = startMs;
  const guard = new Guard({ ring, signTicket, audit: { note: (entry) => noted.push(entry) }, now: () => nowMs });
  const answered = new Map<string, string>();
  const context = (method: string, shown?: string, headers: Readonly<Record<string, string>> = {}): CallContext => {
    const metadata = new Metadata();
    if (shown !== undefined) metadata.set("authorization", `Bearer ${shown}`);
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    const path = `/clew.run.v1.RunService/${method}`;
    return { path, signal: new AbortController().signal, metadata, setHeader: (name, value) => answered.set(name, value) };
  };
  /** Opens a stream that ends when it is ended, and answers why it did. */
  const stream = (shown: string) => {
    const open = guard.stream(async function* (_request: unknown, _caller, { signal }) {
      yield "hello";
      await abortable(new Promise<never>(() => {}), signal);
    });
    const values = open({ runId }, context("StreamRunEvents", shown))[Symbol.asyncIterator]();
    const ended = values
      .next()
      .then(() => values.next())
      .then(
        () => "ended",
        (error: unknown) => Fault.from(error).reason,
      );
    return ended;
  };
  return {
    ring,
    guard,
    noted,
    answered,
    context,
    stream,
    pass: (ms: number) => (nowMs += ms),
    [Symbol.dispose]: () => guard[Symbol.dispose](),
  };
}

const ticket = (maker: string) =>
  formatTicket({ tenant: "acme", maker, runs: [runId], types: [], artifacts: false, expireTimeMs: startMs + 60_000 }, signTicket);

async function reasonOf(work: () => Promise<unknown>): Promise<string> {
  return await work().then(
    () => "",
    (error: unknown) => Fault.from(error).reason,
  );
}

describe("a call", () => {
  it.each([
    ["GetRun", "ci-key", "", []],
    ["StopRun", "ci-key", "", [{ call: "stopRun", tenant: "acme", key: "ci", actor: "ada", run: runId, requestId: "r-1", code: "OK" }]],
    [
      "StopRun",
      "auditor-key",
      "NOT_PERMITTED",
      [{ call: "stopRun", tenant: "acme", key: "auditor", code: "PERMISSION_DENIED", reason: "NOT_PERMITTED" }],
    ],
    ["GetRun", "no-key", "KEY_INVALID", [{ call: "getRun", code: "UNAUTHENTICATED", reason: "KEY_INVALID", run: runId }]],
    ["GetRun", undefined, "KEY_MISSING", [{ call: "getRun", actor: "ada", reason: "KEY_MISSING" }]],
  ])("%s with %s ends so: '%s', and the audit log has what matters of it", async (method, shown, reason, entries) => {
    using test = guarded();
    const call = test.guard.once(async (_request: { readonly runId: string }) => ({ run: { id: runId } }));
    expect(await reasonOf(() => call({ runId }, test.context(method, shown, { "clew-actor": "ada", "x-request-id": "r-1" })))).toBe(reason);
    expect(test.noted).toMatchObject(entries);
    expect(test.noted).toHaveLength(entries.length);
    expect(JSON.stringify(test.noted)).not.toContain("-key");
  });

  it("that changes something is audited also where it fails; a run that it makes is named", async () => {
    using test = guarded();
    const made = test.guard.once(async () => ({ run: { id: runId } }));
    await made({}, test.context("CreateRun", "ci-key"));
    const failed = test.guard.once(() => Promise.reject(new Fault("QUEUE_FULL")));
    await reasonOf(() => failed({}, test.context("CreateRun", "ci-key")));
    expect(test.noted).toMatchObject([
      { call: "createRun", run: runId, code: "OK" },
      { call: "createRun", key: "ci", run: undefined, code: "RESOURCE_EXHAUSTED", reason: "QUEUE_FULL" },
    ]);
  });
});

describe("an open stream", () => {
  it("ends when its key is gone, and others go on", async () => {
    using test = guarded();
    const [gone, stays] = [test.stream("auditor-key"), test.stream("ci-key")];
    test.ring.replace([key("ci")], startMs);
    expect(await gone).toBe("KEY_INVALID");
    test.ring.replace([key("another")], startMs);
    expect(await stays).toBe("KEY_INVALID");
  });

  it("ends when the key of its ticket is gone, but not with the ticket's own time", async () => {
    using test = guarded();
    await test.guard.once(async () => ({}))({}, test.context("GetRun", "ci-key"));
    const maker = test.answered.get("clew-key-id") ?? "";
    const ended = test.stream(ticket(maker));
    test.pass(120_000);
    test.ring.replace([key("ci"), key("more")], startMs);
    expect(await Promise.race([ended, setImmediate("open")])).toBe("open");
    test.ring.replace([key("more")], startMs);
    expect(await ended).toBe("TICKET_INVALID");
  });

  it("ends within seconds of its key's end", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      using test = guarded([key("ci", { expireTimeMs: startMs + 1_000 })]);
      const ended = test.stream("ci-key");
      test.pass(1_000);
      vi.advanceTimersByTime(5_000);
      expect(await ended).toBe("KEY_EXPIRED");
    } finally {
      vi.useRealTimers();
    }
  });
});
