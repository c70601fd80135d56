import { type Code, codes } from "./code.ts";
import { type Reason, type ReasonDefinition, reasons } from "./reasons.ts";

/** One field of a request that is wrong. Values are never echoed, but for numbers that are out of their bounds. */
export interface Violation {
  /** The field as the caller wrote it, such as `spec.timeoutSeconds`. */
  readonly field: string;
  /** The rule it breaks, such as `range`. */
  readonly rule: string;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** What a Fault may say beyond its reason. None of it may hold a secret, a stack or a path. */
export interface FaultOptions {
  /** What went wrong, where the table's sentence does not say enough. */
  readonly message?: string;
  /** Facts about it, by name. */
  readonly details?: Readonly<Record<string, string>>;
  /** All the fields that are wrong. */
  readonly violations?: readonly Violation[];
  /** Milliseconds after which the same call is worth a retry. */
  readonly retryAfterMs?: number;
  /** What lies behind it; for logs, never sent. */
  readonly cause?: unknown;
}

/** The one error class of Clew: a stable reason from one table, and what a caller needs to act on it. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly reason: Reason;
  readonly details: Readonly<Record<string, string>>;
  readonly violations: readonly Violation[];
  readonly retryAfterMs: number | undefined;

  constructor(reason: Reason, options: FaultOptions = {}) {
    super(options.message ?? reasons[reason].message, { cause: options.cause });
    this.reason = reason;
    this.details = options.details ?? {};
    this.violations = options.violations ?? [];
    this.retryAfterMs = options.retryAfterMs;
  }

  /** The gRPC code of the reason. */
  get code(): Code {
    return reasons[this.reason].code;
  }

  /** Whether the same again may succeed later. */
  get retryable(): boolean {
    return reasons[this.reason].retryable;
  }

  /** The HTTP status of the reason. */
  get status(): number {
    const definition: ReasonDefinition = reasons[this.reason];
    return definition.status ?? codes[this.code].status;
  }

  /** Takes anything thrown and answers a Fault: itself, the Fault an abort was given as its reason, or a neutral INTERNAL. */
  static from(thrown: unknown): Fault {
    if (thrown instanceof Fault) return thrown;
    if (thrown instanceof Error && thrown.name === "AbortError") {
      return thrown.cause instanceof Fault ? thrown.cause : new Fault("CANCELLED", { cause: thrown });
    }
    if (thrown instanceof Error && thrown.name === "TimeoutError") return new Fault("DEADLINE_EXCEEDED", { cause: thrown });
    return new Fault("INTERNAL", { cause: thrown });
  }
}

/** Makes an INVALID_REQUEST of the fields that are wrong; its message is the first one's. */
export function invalidRequest(violations: readonly [Violation, ...Violation[]]): Fault {
  const [first, ...others] = violations;
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  return new Fault("INVALID_REQUEST", { message: `${first.field}: ${first.message}${more}`, violations });
}
