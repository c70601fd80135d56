import { egressPolicySchema } from "@clew/egress/egress-policy";
import { Fault, invalidRequest } from "@clew/fault/fault";
import { z } from "zod";
import { modelAccess } from "./model-relay/model-access.ts";

/** What gives a sandbox to an attempt, and what that may do in it. It may hold keys: it lives in memory only. */
export const claimSchema = z.strictObject({
  runId: z.string().min(1),
  attempt: z.int().min(1),
  /** Milliseconds from now until the warden ends the sandbox on its own. */
  deadlineMs: z.int().min(1),
  /** Where it may connect to: nowhere unless given. */
  egress: egressPolicySchema.optional(),
  /** The models it may call: none unless given. */
  models: modelAccess.optional(),
});

/** What gives a sandbox to an attempt. */
export type Claim = z.infer<typeof claimSchema>;

/** Whom a sandbox is for: nobody, or for good one attempt. */
export class ClaimSlot {
  readonly #apply: (claim: Claim) => Promise<void>;
  readonly #taken = Promise.withResolvers<Claim>();
  #claim: Claim | undefined;
  #applied: Promise<void> | undefined;

  /** @param apply lets the attempt do what its claim says; called once. */
  constructor(apply: (claim: Claim) => Promise<void>) {
    this.#apply = apply;
  }

  /** Whose it is. */
  get claim(): Claim | undefined {
    return this.#claim;
  }

  /** Resolves once it is somebody's and may do what the claim says. Never rejects. */
  get taken(): Promise<Claim> {
    return this.#taken.promise;
  }

  /**
   * Gives the sandbox to an attempt; the same again changes nothing.
   *
   * @throws Fault INVALID_REQUEST where it is another's: what was one run's never becomes another's.
   */
  async take(claim: Claim): Promise<void> {
    this.#claim ??= claim;
    if (this.#claim.runId !== claim.runId || this.#claim.attempt !== claim.attempt)
      throw invalidRequest([{ field: "claim", rule: "unclaimed", message: "This sandbox is another attempt's." }]);
    this.#applied ??= this.#apply(claim);
    await this.#applied;
    this.#taken.resolve(claim);
  }
}

/** Reads a claim from JSON. @throws Fault INVALID_REQUEST, which names none of its values. */
export function readClaim(text: string): Claim {
  try {
    return claimSchema.parse(JSON.parse(text));
  } catch {
    throw new Fault("INVALID_REQUEST", { message: "The claim is not what it must be." });
  }
}
