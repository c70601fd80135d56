import { Fault } from "@clew/fault/fault";

/** Names the fields of a Fault as the caller wrote them, in its message too. */
export function renameViolations(fault: Fault, rename: (field: string) => string): Fault {
  if (fault.violations.length === 0) return fault;
  let { message } = fault;
  const violations = fault.violations.map((violation) => {
    const field = rename(violation.field);
    if (message.startsWith(`${violation.field}: `)) message = `${field}${message.slice(violation.field.length)}`;
    return { ...violation, field };
  });
  const { reason, details, retryAfterMs, cause } = fault;
  return new Fault(reason, { message, details, violations, cause, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}
