import { Run, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { expect, it } from "vitest";
import type { CredentialSet } from "../secrets/credential-sets.ts";
import { readCredentials } from "./run-credentials.ts";
import { RunSecrets } from "./run-secrets.ts";

const set: CredentialSet = { values: { password: "thread-of-red" }, origins: ["https://shop.example"] };

function read(given: Partial<RunSpec>, sets: ReadonlyMap<string, CredentialSet> = new Map()) {
  const spec = RunSpec.fromPartial(given);
  const secrets = new RunSecrets(spec);
  const log = { run: Run.fromPartial({ tenant: "acme" }) };
  const credentialSets = { read: async (tenant: string, name: string) => sets.get(`${tenant}/${name}`) };
  return { secrets, spec, credentials: readCredentials({ log, spec, credentialSets, secrets }) };
}

it("a run that names a set is given it as it is now, and its values are secrets from then on", async () => {
  const { credentials, secrets, spec } = read({ credentialSet: "shop" }, new Map([["acme/shop", set]]));
  expect(secrets.hasSetOf(spec)).toBe(false);
  expect(await credentials).toEqual(set);
  expect([secrets.hasSetOf(spec), secrets.known.redact("It is thread-of-red.")]).toEqual([true, "It is [redacted]."]);
});

it("a run whose set is gone, or is another tenant's, has none", async () => {
  for (const sets of [new Map(), new Map([["beta/shop", set]])])
    await expect(read({ credentialSet: "shop" }, sets).credentials).rejects.toMatchObject({ reason: "CREDENTIALS_UNREADABLE" });
});

it("a run that names none is given what it was created with", async () => {
  const { credentials, secrets, spec } = read({ credentials: { token: "abc" } });
  expect([await credentials, secrets.hasSetOf(spec)]).toEqual([{ values: { token: "abc" }, origins: [] }, true]);
});
