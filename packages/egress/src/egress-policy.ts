import { z } from "zod";

/** The rules that keep a connection from being made, by name. */
export const egressRules = [
  "metadata_service",
  "own_service",
  "forbidden_address",
  "private_network",
  "allowed_domains",
  "blocked_domains",
  "unresolved",
  "no_policy",
] as const;

export type EgressRule = (typeof egressRules)[number];

/** Why a connection is not made. */
export interface EgressDenial {
  readonly rule: EgressRule;
  /** What the rule says, in a sentence. */
  readonly message: string;
}

const forbiddenAddress = z.strictObject({
  /** An IP address, a range of them such as `10.0.0.0/8`, `machine` for every address that this machine has by then, or a host's name. */
  network: z.string().min(1),
  /** Only this port of it; every one unless given. */
  port: z.int().min(1).max(65_535).optional(),
  rule: z.enum(["metadata_service", "own_service", "forbidden_address"]),
});

/** An address that no run reaches, whatever it says. */
export type ForbiddenAddress = z.infer<typeof forbiddenAddress>;

/** Checks and reads a policy. */
export const egressPolicySchema = z.strictObject({
  /** Globs; where there are any, only they count. */
  allowedDomains: z.array(z.string()),
  /** Globs. */
  blockedDomains: z.array(z.string()),
  allowPrivateNetworks: z.boolean(),
  /** `host:port` entries that may be reached though they are private. */
  allowedPrivateHosts: z.array(z.string()),
  forbidden: z.array(forbiddenAddress),
  /** The proxy that everything is sent through, as `http://user:password@host:port`; a secret where it holds a password. */
  upstream: z.string().optional(),
});

/** Where one run may connect to, and by which way. */
export type EgressPolicy = z.infer<typeof egressPolicySchema>;

/** What a policy says of hosts. */
export type HostRules = {
  readonly [Name in "allowedDomains" | "blockedDomains" | "allowedPrivateHosts"]: readonly string[];
} & { readonly allowPrivateNetworks: boolean };
