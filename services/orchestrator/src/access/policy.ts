import { type Allowance, usualAllowance } from "../queue/allowance.ts";

/** What of a run may be recorded. */
export const recordings = ["trace", "video", "screenshots", "logs"] as const;

/** What the operator lets the runs of a tenant ask for. What is undefined is not bounded. */
export interface Policy extends Allowance {
  readonly maxSteps: number | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly waitForPersonSeconds: number | undefined;
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
}

/** Finds the policy of a tenant. */
export type PolicyOf = (tenant: string) => Policy;

/** The policy where the operator says nothing: it bounds nothing. */
export const usualPolicy: Policy = {
  ...usualAllowance,
  maxSteps: undefined,
  timeoutSeconds: undefined,
  waitForPersonSeconds: undefined,
  priority: undefined,
  maxCostUsd: undefined,
  models: undefined,
  evaluate: true,
  recording: undefined,
  allowedDomains: undefined,
  blockedDomains: [],
  privateHosts: undefined,
  allowPrivateNetworks: true,
};
