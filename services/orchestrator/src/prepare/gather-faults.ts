import { type Fault, invalidRequest, type Violation } from "@clew/fault/fault";

/** Why one part of a request does not pass, and the field that is meant where the Fault names none. */
export interface PlacedFault {
  readonly fault: Fault;
  readonly field: string;
}

/**
 * Makes one Fault of all that speaks against a request, so that everything can be mended at once: INVALID_REQUEST with all fields where one of them is
 * unfit by itself; otherwise the first. What may pass by itself is not told as a field. Undefined where there are none.
 */
export function gatherFaults(placed: readonly PlacedFault[]): Fault | undefined {
  const [first] = placed;
  const isUnfit = placed.some(({ fault }) => fault.code === "INVALID_ARGUMENT" && fault.violations.length > 0);
  if (first === undefined || placed.length === 1 || !isUnfit) return first?.fault;
  const violations = placed.flatMap(({ fault, field }): readonly Violation[] => {
    if (fault.violations.length > 0) return fault.violations;
    return fault.retryable ? [] : [{ field, rule: fault.reason.toLowerCase(), message: fault.message }];
  });
  const [one, ...others] = violations;
  return one === undefined ? first.fault : invalidRequest([one, ...others]);
}
