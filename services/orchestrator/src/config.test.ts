import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hashKey } from "./access/keys.ts";
import { readConfig } from "./config.ts";

const env = { CLEW_CHROMIUM: process.execPath };

describe("the orchestrator's settings", () => {
  it("listen on loopback, unless keys are configured", () => {
    expect(() => readConfig({ ...env, CLEW_ORCHESTRATOR_ADDRESS: "0.0.0.0:9090" })).toThrow("CLEW_ORCHESTRATOR_ADDRESS");
    expect(readConfig({ ...env, CLEW_ORCHESTRATOR_ADDRESS: "0.0.0.0:9090", CLEW_API_KEYS: "acme:a-long-key" }).address).toMatchObject({
      host: "0.0.0.0",
    });
  });

  it("keep keys as hashes only, whichever way they are written, each once", () => {
    const hex = hashKey("another-key").toString("hex");
    const { keys } = readConfig({ ...env, CLEW_API_KEYS: `acme:a-long-key, other:sha256:${hex},bare-long-key` }).access;
    expect(keys.map(({ tenant }) => tenant)).toEqual(["acme", "other", "default"]);
    expect(keys[1]?.hash).toEqual(hashKey("another-key"));
    expect(JSON.stringify(keys)).not.toContain("long-key");
    expect(() => readConfig({ ...env, CLEW_API_KEYS: "acme:a-long-key,other:a-long-key" })).toThrow("belongs to one tenant");
  });

  it("close private networks where there are several tenants, but for what the file opens", async () => {
    const both = "acme:a-long-key,other:another-key";
    const closed = { allowPrivateNetworks: false, privateHosts: [], closesPrivate: true };
    const open = { allowPrivateNetworks: true, privateHosts: undefined, closesPrivate: false };
    const policyOf = (keys: string, more = {}) => readConfig({ ...env, CLEW_API_KEYS: keys, ...more }).access.policyOf("acme");
    expect(policyOf("acme:a-long-key,acme:another-key", { CLEW_SERVICE_KEY: "a-service-key-of-gateways" })).toMatchObject(open);
    expect(policyOf(both)).toMatchObject(closed);
    const folder = await mkdtemp(join(tmpdir(), "clew-config-"));
    try {
      const file = join(folder, "clew.yaml");
      await writeFile(file, "CLEW_POLICY: { privateHosts: ['10.0.0.1:80'], tenants: { acme: { allowPrivateNetworks: true } } }\n");
      const { policyOf: read } = readConfig({ ...env, CLEW_API_KEYS: both, CLEW_CONFIG: file }).access;
      expect(read("acme")).toMatchObject({ ...open, privateHosts: ["10.0.0.1:80"] });
      expect(read("other")).toMatchObject({ ...closed, privateHosts: ["10.0.0.1:80"] });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("keep the gateways' key apart: with it alone, anyone on this machine may still call", () => {
    const { keys } = readConfig({ ...env, CLEW_SERVICE_KEY: "a-service-key-of-gateways" }).access;
    expect(keys.map(({ isService }) => isService)).toEqual([true]);
    const service = { ...env, CLEW_SERVICE_KEY: "a-service-key-of-gateways", CLEW_ORCHESTRATOR_ADDRESS: "0.0.0.0:9090" };
    expect(() => readConfig(service)).toThrow("CLEW_ORCHESTRATOR_ADDRESS");
  });

  it("read who may call, and a policy for each tenant, from the file, and again when they are asked to", async () => {
    const folder = await mkdtemp(join(tmpdir(), "clew-config-"));
    try {
      const file = join(folder, "clew.yaml");
      const sha256 = hashKey("a-long-key").toString("hex");
      await writeFile(
        file,
        `CLEW_API_KEYS:
  - { tenant: acme, name: reader, sha256: "${sha256}", readOnly: true }
  - { tenant: acme, sha256: "${hashKey("third-long-key").toString("hex")}", rights: [run, answer], expireTime: 2027-01-31T12:00:00Z }
CLEW_POLICY: { maxSteps: 10, evaluate: false, tenants: { acme: { share: 2, maxSteps: 20 } } }
`,
      );
      const { access, readAccess } = readConfig({ ...env, CLEW_CONFIG: file });
      expect(access.keys.map(({ name, rights, expireTimeMs }) => [name, [...rights], expireTimeMs])).toEqual([
        ["reader", ["read"], undefined],
        ["key-2", ["run", "answer"], Date.UTC(2027, 0, 31, 12)],
      ]);
      expect([access.policyOf("acme"), access.policyOf("other")]).toMatchObject([
        { share: 2, maxSteps: 20, evaluate: false },
        { share: 1, maxSteps: 10, evaluate: false },
      ]);
      await writeFile(file, "CLEW_API_KEYS: [acme:another-long-key]\n");
      expect(readAccess().keys.map(({ hash }) => hash)).toEqual([hashKey("another-long-key")]);
      for (const wrong of [
        `CLEW_API_KEYS: [{ sha256: "${sha256}", rights: [read], readOnly: true }]`,
        `CLEW_API_KEYS: [{ sha256: "${sha256}", tenant: ../acme }]`,
        `CLEW_API_KEYS: [{ sha256: "${sha256}", rights: [write] }]`,
        "CLEW_POLICY: { maxSteps: 1000 }",
        "CLEW_POLICY: { maxStep: 10 }",
        "CLEW_POLICY: { tenants: { acme: { privateHosts: ['10.0.0.*:80'] } } }",
      ]) {
        await writeFile(file, wrong);
        expect(() => readAccess(), wrong).toThrow(/CLEW_(API_KEYS|POLICY)/);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("keep runs as the file says, for all and for a tenant, and say where to write it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "clew-config-"));
    try {
      const file = join(folder, "clew.yaml");
      await writeFile(file, "CLEW_RETENTION: { artifacts: 12h, tenants: { acme: { events: 2d } } }\n");
      const { retention } = readConfig({ ...env, CLEW_CONFIG: file });
      expect(retention).toEqual({
        usual: { eventsMs: 90 * 86_400_000, artifactsMs: 12 * 3_600_000 },
        tenants: new Map([["acme", { eventsMs: 2 * 86_400_000 }]]),
      });
    } finally {
      await rm(folder, { recursive: true });
    }
    expect(() => readConfig({ ...env, CLEW_RETENTION: "1d" })).toThrow("CLEW_CONFIG");
  });

  it.each([
    [{ CLEW_API_KEYS: "acme:short" }, "CLEW_API_KEYS"],
    [{ CLEW_MAX_CONCURRENT_RUNS: "0" }, "CLEW_MAX_CONCURRENT_RUNS"],
    [{ CLEW_MAX_SANDBOX_MEMORY: "1GiB" }, "CLEW_MAX_SANDBOX_MEMORY"],
    [{ CLEW_POLICY: "strict" }, "CLEW_CONFIG"],
    [{ CLEW_ADOPTION_GRACE: "soon" }, "CLEW_ADOPTION_GRACE"],
    [{ CLEW_ADOPTION_GRACE: "0" }, "CLEW_ADOPTION_GRACE"],
    [{ CLEW_SANDBOX: "none" }, "CLEW_SANDBOX"],
    [{ CLEW_CHROMIUM: "/no/such/browser" }, "CLEW_CHROMIUM"],
    [{ CLEW_VOLUMN: "x" }, "did you mean CLEW_VOLUME"],
  ])("refuse %j, naming the setting", (more, message) => {
    expect(() => readConfig({ ...env, ...more })).toThrow(message);
  });
});
