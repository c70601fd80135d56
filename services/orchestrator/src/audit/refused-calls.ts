import type { AuditEntry } from "./audit-entry.ts";

/** Calls that are listed a minute: of all whom nobody knows together, and of each key. Refusals cost nothing, and would push out what matters. */
const listedAMinute = { UNAUTHENTICATED: 600, PERMISSION_DENIED: 60 };

/** How many refused calls were not listed, and whose they were. */
export interface UnlistedCalls extends Pick<AuditEntry, "code" | "tenant" | "key"> {
  readonly unlisted: number;
}

interface Count extends Pick<AuditEntry, "code" | "tenant" | "key"> {
  listed: number;
  unlisted: number;
}

/** Bounds how many refused calls are listed, and counts the others. */
export class RefusedCalls {
  readonly #counts = new Map<string, Count>();
  #minute = 0;

  /** Whether a call is to be listed. What is not refused always is. */
  isListed({ code, tenant, key }: Pick<AuditEntry, "code" | "tenant" | "key">): boolean {
    if (code !== "UNAUTHENTICATED" && code !== "PERMISSION_DENIED") return true;
    const whose = code === "UNAUTHENTICATED" ? { tenant: "", key: "" } : { tenant, key };
    // Neither a tenant's name nor a code has a space; and the names are the operator's, so that there are not many.
    const name = `${code} ${whose.tenant} ${whose.key}`;
    const count = this.#counts.get(name) ?? { code, ...whose, listed: 0, unlisted: 0 };
    this.#counts.set(name, count);
    const isListed = count.listed < listedAMinute[code];
    if (isListed) count.listed += 1;
    else count.unlisted += 1;
    return isListed;
  }

  /** Begins another minute where one has begun, and answers what was not listed in the one before. */
  turn(nowMs: number): readonly UnlistedCalls[] {
    const minute = Math.floor(nowMs / 60_000);
    if (minute === this.#minute) return [];
    this.#minute = minute;
    return this.take();
  }

  /** Answers what was not listed so far, and counts from nothing. */
  take(): readonly UnlistedCalls[] {
    const counts = [...this.#counts.values()];
    this.#counts.clear();
    return counts.flatMap(({ listed: _listed, ...count }) => (count.unlisted > 0 ? [count] : []));
  }
}
