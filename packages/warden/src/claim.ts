import { egressPolicySchema } from "@clew/egress/egress-policy";
import { Fault, invalidRequest } from "@clew/fault/fault";
import { z } from "zod";
import { modelAccess } from "./model-relay/model-access.ts";

/** What gives a sandbox to an attempt, and what that may do in it. It may hold keys: it lives in memory only. */
export const claimSchema = z.strictObject({
  runId: z.string().min(1),
  attempt: z.int().min(1),
  /** Which run's stay in the sandbox it is: a later one is claimed once the one before has ended. */
  stay: z.int().min(1).default(1),
  /** Milliseconds from now until the warden ends the sandbox on its own. */
  deadlineMs: z.int().min(1),
  /** Where it may connect to: nowhere unless given. */
  egress: egressPolicySchema.optional(),
  /** The models it may call: none unless given. */
  models: modelAccess.optional(),
});

/** What gives a sandbox to an attempt. */
export type Claim = z.infer<typeof claimSchema>;

/** Whom a sandbox is for: nobody, or one attempt; once it is kept, one more. */
export class ClaimSlot {
  readonly #apply: (claim: Claim, isAgain: boolean) => Promise<void>;
  readonly #taken = Promise.withResolvers<Claim>();
  #claim: Claim | undefined;
  #isKept = false;
  #applied: Promise<void> | undefined;

  /** @param apply lets the attempt do what its claim says; called once for each, with whether it was done in this stay for an attempt before. */
  constructor(apply: (claim: Claim, isAgain: boolean) => Promise<void>) {
    this.#apply = apply;
  }

  /** Whose it is. */
  get claim(): Claim | undefined {
    return this.#claim;
  }

  /** Resolves once it is somebody's for the first time and may do what the claim says. Never rejects. */
  get taken(): Promise<Claim> {
    return this.#taken.promise;
  }

  /** From now on it may be another attempt's, where that stay was the last. */
  keep(stay: number): void {
    if (this.#claim?.stay === stay) this.#isKept = true;
  }

  /**
   * Gives the sandbox to an attempt; the same again changes nothing. A later attempt of the run that has gone on in it may have it too: an orchestrator asks for
   * that only where the one before it gave it away and ended before that was on record, so that nothing was begun there.
   *
   * @throws Fault INVALID_REQUEST where it is another's, and not kept: what is one run's does not become another's.
   */
  async take(claim: Claim): Promise<void> {
    const stay = (this.#claim?.stay ?? 0) + 1;
    if (this.#isKept && claim.stay === stay) {
      this.#isKept = false;
      this.#claim = claim;
      this.#applied = undefined;
    } else if (this.#claim !== undefined && isLaterAttempt(claim, this.#claim)) {
      this.#claim = claim;
      this.#applied = this.#applied?.then(
        () => this.#apply(claim, true),
        () => this.#apply(claim, false),
      );
    }
    this.#claim ??= claim;
    if (this.#claim.runId !== claim.runId || this.#claim.attempt !== claim.attempt)
      throw invalidRequest([{ field: "claim", rule: "unclaimed", message: "This sandbox is another attempt's." }]);
    this.#applied ??= this.#apply(claim, false);
    await this.#applied;
    this.#taken.resolve(claim);
  }
}

function isLaterAttempt(claim: Claim, before: Claim): boolean {
  return before.stay > 1 && claim.stay === before.stay && claim.runId === before.runId && claim.attempt > before.attempt;
}

/** Reads one that is nobody's: what is read for the first time takes many times as long as later. */
export function rehearseClaim(): void {
  const egress = { allowedDomains: ["a"], blockedDomains: ["b"], allowPrivateNetworks: false, allowedPrivateHosts: ["c"], forbidden: [] };
  readClaim(JSON.stringify({ runId: "nobody", attempt: 1, deadlineMs: 1, egress }));
}

/** Reads a claim from JSON. @throws Fault INVALID_REQUEST, which names none of its values. */
export function readClaim(text: string): Claim {
  try {
    return claimSchema.parse(JSON.parse(text));
  } catch {
    throw new Fault("INVALID_REQUEST", { message: "The claim is not what it must be." });
  }
}
