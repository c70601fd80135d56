import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { authenticate } from "./authenticate.ts";
import { demandRight, type Right, reaches } from "./caller.ts";
import { type ApiKey, hashKey } from "./keys.ts";
import { formatTicket, type Ticket } from "./ticket.ts";

const keys: readonly ApiKey[] = [
  { tenant: "acme", name: "ci", hash: hashKey("acme-secret-key"), role: "full" },
  { tenant: "acme", name: "auditor", hash: hashKey("acme-reader-key"), role: "reader" },
  { tenant: "default", name: "service", hash: hashKey("service-secret-key"), role: "service" },
];
const signTicket = (text: string) => createHmac("sha256", "volume").update(text).digest("hex");
const nowMs = 1_000_000;
const ticket = (more: Partial<Ticket> = {}) =>
  formatTicket({ tenant: "acme", runs: ["run-1"], types: [], artifacts: false, expireTimeMs: nowMs + 1, ...more }, signTicket);
const who = (shown: string, among = keys) => authenticate({ keys: among, signTicket }, `Bearer ${shown}`, undefined, nowMs);
const rightsOf = (shown: string) =>
  (["readRun", "readArtifact", "readTenant", "write"] satisfies Right[]).filter((right) => who(shown).rights.has(right));

describe("a caller", () => {
  it("is known by a key", () => {
    const caller = authenticate({ keys, signTicket }, "bearer acme-secret-key", "ada", nowMs);
    expect(caller).toMatchObject({ tenant: "acme", key: "ci", actor: "ada" });
  });

  it("is anyone where no keys are configured but a gateway's", () => {
    for (const among of [[], keys.slice(2)])
      expect(authenticate({ keys: among, signTicket }, undefined, undefined, nowMs)).toMatchObject({ tenant: "default", reach: "tenant" });
  });

  it.each([
    [undefined, "KEY_MISSING"],
    ["", "KEY_MISSING"],
    ["Bearer wrong", "KEY_INVALID"],
    ["Basic acme-secret-key", "KEY_INVALID"],
    ["Bearer ", "KEY_INVALID"],
  ])("who shows %j is refused", (authorization, reason) => {
    expect(() => authenticate({ keys, signTicket }, authorization, undefined, nowMs)).toThrow(expect.objectContaining({ reason }));
  });

  it.each([
    ["a full key", "acme-secret-key", ["readRun", "readArtifact", "readTenant", "write"]],
    ["a key that only reads", "acme-reader-key", ["readRun", "readArtifact", "readTenant"]],
    ["a gateway's key", "service-secret-key", ["readRun", "readArtifact"]],
    ["a ticket", ticket(), ["readRun"]],
    ["a ticket with artifacts", ticket({ artifacts: true }), ["readRun", "readArtifact"]],
  ])("with %s has its rights and no others", (_, shown, rights) => {
    expect(rightsOf(shown)).toEqual(rights);
    expect(() => demandRight(who(shown), "readRun")).not.toThrow();
    if (!rights.includes("write"))
      expect(() => demandRight(who(shown), "write")).toThrow(expect.objectContaining({ reason: "NOT_PERMITTED" }));
  });

  it.each([
    ["a key reaches all its tenant's runs and no other's", "acme-secret-key", [true, true, false]],
    ["a gateway's key reaches every tenant's", "service-secret-key", [true, true, true]],
    ["a ticket reaches the runs it names", ticket(), [true, false, false]],
  ])("%s", (_, shown, reached) => {
    const runs = [
      ["run-1", "acme"],
      ["run-2", "acme"],
      ["run-3", "other"],
    ] as const;
    expect(runs.map(([runId, tenant]) => reaches(who(shown), runId, tenant))).toEqual(reached);
  });

  it("is bound by a ticket also where no keys are configured", () => {
    expect([...who(ticket({ types: ["runFinished"] }), []).types]).toEqual(["runFinished"]);
    expect(() => who(`${ticket()}x`, [])).toThrow(expect.objectContaining({ reason: "TICKET_INVALID" }));
    expect(() => who(ticket({ expireTimeMs: nowMs }), [])).toThrow(expect.objectContaining({ reason: "TICKET_EXPIRED" }));
  });
});
