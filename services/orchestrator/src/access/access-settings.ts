import { domainGlob } from "@clew/playbook/guardrail-settings";
import { SettingsError } from "@clew/process/settings";
import { z } from "zod";
import { limits } from "../runs/limits.ts";
import { type ApiKey, hashKey, serviceKey } from "./keys.ts";
import { type Policy, type PolicyOf, policyWith, recordings } from "./policy.ts";
import { type Right, rights } from "./rights.ts";

/** Who may call, and what their runs may ask for. */
export interface AccessSettings {
  /** Of callers, and of the gateways. */
  readonly keys: readonly ApiKey[];
  readonly policyOf: PolicyOf;
}

/** A tenant's name may become part of a path. */
const tenantName = z.string().regex(/^[A-Za-z0-9_-]{1,63}$/, "must have 1 to 63 letters, digits, _ and -");

const moment = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], { error: "must be a time such as 2027-01-31 or 2027-01-31T12:00:00Z" })
  .transform((text) => Date.parse(text));

const keyEntry = z.strictObject({
  tenant: tenantName.default("default"),
  name: z.string().default(""),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hex digits"),
  rights: z.array(z.enum(rights)).min(1).optional(),
  readOnly: z.boolean().optional(),
  expireTime: moment.optional(),
});

/** CLEW_API_KEYS: comma-separated texts, or a list that may say more of each. */
export const apiKeySettings = z.union([
  z.string().transform((text) =>
    text
      .split(",")
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ""),
  ),
  z.array(z.union([z.string(), keyEntry])),
]);

const { maxSteps, timeoutSeconds, waitForPersonSeconds, keepAliveSeconds, priority } = limits;
const whole = ({ min, max }: { readonly min: number; readonly max: number }) => z.int().min(min).max(max).optional();
const globs = z.array(z.string().regex(domainGlob, "must be a host name such as *.example.com")).max(100).optional();
const hostPort = z.string().regex(/^(?:\[[0-9a-fA-F:.]+\]|[^\s:/[\]*]+):\d{1,5}$/, "must be host:port, without stars");

const policyFields = {
  share: z.number().min(0.01).max(100).optional(),
  runsAtOnce: whole({ min: 1, max: 1_000 }),
  queuedRuns: whole({ min: 1, max: 100_000 }),
  maxSteps: whole(maxSteps),
  timeoutSeconds: whole(timeoutSeconds),
  waitForPersonSeconds: whole(waitForPersonSeconds),
  keepAliveSeconds: whole(keepAliveSeconds),
  priority: whole(priority),
  maxCostUsd: z.number().min(0).optional(),
  models: z.array(z.string().min(1, "must not be empty")).optional(),
  evaluate: z.boolean().optional(),
  recording: z.array(z.enum(recordings)).optional(),
  allowedDomains: globs,
  blockedDomains: globs,
  privateHosts: z.array(hostPort).max(100).optional(),
  allowPrivateNetworks: z.boolean().optional(),
};

/** CLEW_POLICY: what holds for all tenants, and what for single ones holds instead. */
export const policySettings = z.strictObject(
  { ...policyFields, tenants: z.record(tenantName, z.strictObject(policyFields)).default({}) },
  { error: ({ code }) => (code === "invalid_type" ? "must be written in the file that CLEW_CONFIG names" : undefined) },
);

/** What the settings say of access, in the form they are written in. */
export interface GivenAccess {
  readonly CLEW_API_KEYS: z.output<typeof apiKeySettings>;
  readonly CLEW_SERVICE_KEY?: string | undefined;
  readonly CLEW_POLICY: z.output<typeof policySettings>;
}

/** Reads who may call, and what their runs may ask for. @throws SettingsError naming the setting that is wrong. */
export function toAccess({ CLEW_API_KEYS: given, CLEW_SERVICE_KEY: service, CLEW_POLICY: policy }: GivenAccess): AccessSettings {
  const keys = given.map(toKey);
  if (service !== undefined) keys.push(serviceKey(service));
  const twice = keys.findIndex(({ hash }, index) => keys.findIndex((key) => key.hash.equals(hash)) !== index);
  if (twice >= 0) throw new SettingsError(`CLEW_API_KEYS: '${keys[twice]?.name}' is the same key as another; a key belongs to one tenant`);
  const { tenants, ...common } = policy;
  const isShared = new Set(keys.flatMap(({ isService, tenant }) => (isService ? [] : [tenant]))).size > 1;
  const usual = policyWith(common, isShared);
  const others = new Map(Object.entries(tenants).map(([tenant, own]) => [tenant, policyWith(over(common, own), isShared)]));
  return { keys, policyOf: (tenant) => others.get(tenant) ?? usual };
}

/** What is said of a tenant counts over what is said of all. */
function over(common: Partial<Policy>, given: Partial<Policy>): Partial<Policy> {
  return { ...common, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

/** `key`, `tenant:key`, or either with `sha256:<hex>` in the key's place; or the same as an object. */
function toKey(entry: GivenAccess["CLEW_API_KEYS"][number], index: number): ApiKey {
  const usual = { name: `key-${index + 1}`, rights: new Set<Right>(rights), isService: false, expireTimeMs: undefined };
  if (typeof entry !== "string") {
    if (entry.readOnly !== undefined && entry.rights !== undefined)
      throw new SettingsError("CLEW_API_KEYS: readOnly and rights say the same; leave readOnly out");
    return {
      ...usual,
      tenant: entry.tenant,
      name: entry.name || usual.name,
      hash: Buffer.from(entry.sha256, "hex"),
      rights: new Set<Right>(entry.rights ?? (entry.readOnly === true ? ["read"] : rights)),
      expireTimeMs: entry.expireTime,
    };
  }
  const match = /^(?:([A-Za-z0-9_-]{1,63}):)?(sha256:[0-9a-f]{64}|[^:\s]{8,200})$/.exec(entry);
  const key = match?.[2];
  if (key === undefined)
    throw new SettingsError("CLEW_API_KEYS: must be a comma-separated list of tenant:key, each key of 8 to 200 characters");
  const hash = key.startsWith("sha256:") ? Buffer.from(key.slice("sha256:".length), "hex") : hashKey(key);
  return { ...usual, tenant: match?.[1] ?? "default", hash };
}
