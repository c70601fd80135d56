import { type Allowance, usualAllowance } from "../queue/allowance.ts";

/** What of a run may be recorded. */
export const recordings = ["trace", "video", "screenshots", "logs"] as const;

/** What the operator lets the runs of a tenant ask for. What is undefined is not bounded. */
export interface Policy extends Allowance {
  readonly maxSteps: number | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly waitForPersonSeconds: number | undefined;
  /** How long runs may keep their sandboxes; 0: none is kept. */
  readonly keepAliveSeconds: number | undefined;
  readonly priority: number | undefined;
  readonly maxCostUsd: number | undefined;
  /** The models that runs may name; the first is that of runs which name none. Where there are none, no run has a model. */
  readonly models: readonly string[] | undefined;
  /** Whether playbooks may run JavaScript of their own. */
  readonly evaluate: boolean;
  readonly recording: readonly (typeof recordings)[number][] | undefined;
  /** Globs: the only domains that runs may name. */
  readonly allowedDomains: readonly string[] | undefined;
  /** Globs: domains that no run reaches. */
  readonly blockedDomains: readonly string[];
  /** The private hosts that runs may name, each as `host:port`. */
  readonly privateHosts: readonly string[] | undefined;
  /** Whether runs may have all private networks. */
  readonly allowPrivateNetworks: boolean;
  /** Whether private networks are closed since several tenants share them and the operator does not say who may have what. */
  readonly closesPrivate: boolean;
}

/** Finds the policy of a tenant. */
export type PolicyOf = (tenant: string) => Policy;

/** The policy where the operator says nothing and nobody shares: it bounds nothing. */
export const usualPolicy: Policy = {
  ...usualAllowance,
  maxSteps: undefined,
  timeoutSeconds: undefined,
  waitForPersonSeconds: undefined,
  keepAliveSeconds: undefined,
  priority: undefined,
  maxCostUsd: undefined,
  models: undefined,
  evaluate: true,
  recording: undefined,
  allowedDomains: undefined,
  blockedDomains: [],
  privateHosts: undefined,
  allowPrivateNetworks: true,
  closesPrivate: false,
};

/** What is said of a policy counts over the usual one. What tenants share and nobody opens is closed: private networks, but for the hosts that are listed. */
export function policyWith(given: Partial<Policy>, isShared: boolean): Policy {
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const policy: Policy = { ...usualPolicy, ...said };
  if (!isShared || given.allowPrivateNetworks === true) return policy;
  const { allowPrivateNetworks = false, privateHosts = [] } = given;
  return { ...policy, allowPrivateNetworks, privateHosts, closesPrivate: given.allowPrivateNetworks === undefined };
}
