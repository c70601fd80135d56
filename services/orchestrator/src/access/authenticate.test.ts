import { createHmac } from "node:crypto";
import { Fault } from "@clew/fault/fault";
import { describe, expect, it } from "vitest";
import { authenticate } from "./authenticate.ts";
import { demandCall, reaches } from "./caller.ts";
import { KeyRing } from "./key-ring.ts";
import { type ApiKey, hashKey, serviceKey } from "./keys.ts";
import { type CallName, callRules, type Right, rights } from "./rights.ts";
import { formatTicket, type Ticket } from "./ticket.ts";

const nowMs = 1_000_000;
const key = (name: string, shown: string, more: Partial<ApiKey> = {}): ApiKey => {
  const usual = { tenant: "acme", rights: new Set<Right>(rights), isService: false, expireTimeMs: undefined };
  return { ...usual, name, hash: hashKey(shown), ...more };
};
const keys: readonly ApiKey[] = [
  key("ci", "acme-secret-key"),
  key("auditor", "acme-reader-key", { rights: new Set<Right>(["read"]) }),
  key("desk", "acme-answer-key", { rights: new Set<Right>(["read", "answer"]) }),
  key("starter", "acme-starter-key", { rights: new Set<Right>(["run"]) }),
  key("intern", "acme-intern-key", { expireTimeMs: nowMs }),
  serviceKey("service-secret-key"),
];
const signTicket = (text: string) => createHmac("sha256", "volume").update(text).digest("hex");
const who = (shown: string, among = keys, atMs = nowMs) => authenticate({ keys: among, signTicket }, `Bearer ${shown}`, undefined, atMs);
const maker = who("acme-secret-key").keyId;
const ticket = (more: Partial<Ticket> = {}) =>
  formatTicket({ tenant: "acme", maker, runs: ["run-1"], types: [], artifacts: false, expireTimeMs: nowMs + 1, ...more }, signTicket);

function reasonOf(work: () => unknown): string {
  try {
    work();
    return "";
  } catch (error) {
    return Fault.from(error).reason;
  }
}

/** The calls that a caller may make. */
function callsOf(shown: string): string[] {
  const caller = who(shown);
  return Object.entries(callRules).flatMap(([name, rule]) => (reasonOf(() => demandCall(caller, rule)) === "" ? [name] : []));
}

const ofRuns: readonly CallName[] = ["getRun", "readEvents", "streamRunEvents"];
const ofFiles: readonly CallName[] = ["listArtifacts", "readArtifact"];
const ofTenants: readonly CallName[] = ["dryRun", "listRuns", "createTicket", "listPlaybooks", "getPlaybook", "validatePlaybook"];
const ofRunning: readonly CallName[] = ["createRun", "stopRun", "releaseRun", "uploadFile"];

describe("a caller", () => {
  it("is known by a key", () => {
    const caller = authenticate({ keys, signTicket }, "bearer acme-secret-key", "ada", nowMs);
    expect(caller).toMatchObject({ tenant: "acme", key: "ci", actor: "ada" });
  });

  it.each(["Ticket", "Ticket ", "ticket abc", "Ticket acme-secret-key", "Ticket clewt2.x.y"])(
    "who shows %j, which is no ticket, is let in for nothing else, also where no keys are configured",
    (authorization) => {
      for (const among of [keys, []])
        expect(reasonOf(() => authenticate({ keys: among, signTicket }, authorization, undefined, nowMs))).toBe("TICKET_INVALID");
    },
  );

  it("is anyone where no keys are configured but a gateway's", () => {
    for (const among of [[], keys.slice(-1)])
      expect(authenticate({ keys: among, signTicket }, undefined, undefined, nowMs)).toMatchObject({ tenant: "default", reach: "tenant" });
  });

  it.each([
    [undefined, "KEY_MISSING"],
    ["", "KEY_MISSING"],
    ["Bearer wrong", "KEY_INVALID"],
    ["Basic acme-secret-key", "KEY_INVALID"],
    ["Bearer ", "KEY_INVALID"],
    ["Bearer acme-intern-key", "KEY_EXPIRED"],
  ])("who shows %j is refused", (authorization, reason) => {
    expect(reasonOf(() => authenticate({ keys, signTicket }, authorization, undefined, nowMs))).toBe(reason);
  });

  it.each<[what: string, shown: string, calls: readonly CallName[]]>([
    ["a key of all rights", "acme-secret-key", [...ofRuns, ...ofFiles, ...ofTenants, ...ofRunning, "sendInput", "deleteRun"]],
    ["a key that reads", "acme-reader-key", [...ofRuns, ...ofFiles, ...ofTenants]],
    ["a key that reads and answers", "acme-answer-key", [...ofRuns, ...ofFiles, ...ofTenants, "sendInput"]],
    ["a key that only runs", "acme-starter-key", ofRunning],
    ["a gateway's key", "service-secret-key", [...ofRuns, ...ofFiles]],
    ["a ticket", ticket(), ofRuns],
    ["a ticket with artifacts", ticket({ artifacts: true }), [...ofRuns, ...ofFiles]],
  ])("with %s makes its calls and no others", (_, shown, calls) => {
    expect(callsOf(shown).sort()).toEqual(calls.toSorted());
  });

  it.each([
    ["a key reaches all its tenant's runs and no other's", "acme-secret-key", [true, true, false]],
    ["a gateway's key reaches every tenant's", "service-secret-key", [true, true, true]],
    ["a ticket reaches the runs it names", ticket(), [true, false, false]],
    ["a ticket that names another tenant's run does not reach it", ticket({ runs: ["run-3"] }), [false, false, false]],
  ])("%s", (_, shown, reached) => {
    const runs = [
      ["run-1", "acme"],
      ["run-2", "acme"],
      ["run-3", "other"],
    ] as const;
    expect(runs.map(([runId, tenant]) => reaches(who(shown), runId, tenant))).toEqual(reached);
  });

  it("is bound by a ticket also where no keys are configured", () => {
    const anyones = ticket({ maker: "", types: ["runFinished"] });
    expect([...who(anyones, []).types]).toEqual(["runFinished"]);
    expect(reasonOf(() => who(`${anyones}x`, []))).toBe("TICKET_INVALID");
    expect(reasonOf(() => who(ticket({ maker: "", expireTimeMs: nowMs }), []))).toBe("TICKET_EXPIRED");
  });
});

describe("a ticket ends", () => {
  it("at its time and no earlier; one that is forged is invalid, not expired", () => {
    const timed = ticket({ expireTimeMs: nowMs });
    expect([nowMs - 1, nowMs].map((atMs) => reasonOf(() => who(timed, keys, atMs)))).toEqual(["", "TICKET_EXPIRED"]);
    expect(reasonOf(() => who(`${timed}0`))).toBe("TICKET_INVALID");
  });

  it.each<[what: string, keys: readonly ApiKey[]]>([
    ["when its key is gone", keys.slice(1)],
    ["when its key may no longer read", [key("ci", "acme-secret-key", { rights: new Set<Right>(["run"]) })]],
    ["when its key's time is over", [key("ci", "acme-secret-key", { expireTimeMs: nowMs })]],
    ["when its key is another tenant's", [key("ci", "acme-secret-key", { tenant: "other" })]],
  ])("%s", (_, among) => {
    expect(reasonOf(() => who(ticket(), among))).toBe("TICKET_INVALID");
  });

  it("when callers need keys that it was made without", () => {
    expect(reasonOf(() => who(ticket({ maker: "" })))).toBe("TICKET_INVALID");
  });
});

describe("the keys that count", () => {
  it("may be others, and whoever watches is told; but none never become some, nor some none", () => {
    const ring = new KeyRing(keys);
    let told = 0;
    using _watching = ring.watch(() => told++);
    expect([ring.replace(keys.slice(1), nowMs), ring.replace([], nowMs), ring.replace(keys.slice(-1), nowMs)]).toEqual([
      true,
      false,
      false,
    ]);
    expect([told, reasonOf(() => who("acme-secret-key", ring.keys)), new KeyRing([]).replace(keys, nowMs)]).toEqual([
      1,
      "KEY_INVALID",
      false,
    ]);
  });

  it("keep a gateway's key for a minute beside the one that takes its place", () => {
    const ring = new KeyRing(keys);
    ring.replace([...keys.slice(0, -1), serviceKey("another-service-key")], nowMs);
    const isKnown = (shown: string, atMs: number) => reasonOf(() => who(shown, ring.keys, atMs)) === "";
    expect([
      isKnown("another-service-key", nowMs),
      isKnown("service-secret-key", nowMs),
      isKnown("service-secret-key", nowMs + 60_000),
    ]).toEqual([true, true, false]);
  });
});
