import { Fault, type Violation } from "./fault.ts";

/** What of a Fault may go in an answer's headers: peers take 8 KiB of those, and gRPC writes details in base64 and a message twice. */
const headerLimits = { violations: 50, violationsBytes: 4 * 1024, textBytes: 1024 } as const;

/** Answers the Fault with as many of its violations, and as much of each text, as fit in an answer's headers; the last violation then says how many were left out. */
export function fitForHeaders(fault: Fault): Fault {
  const message = cut(fault.message);
  const all = fault.violations.map((violation) => ({ ...violation, field: cut(violation.field), message: cut(violation.message) }));
  const violations = fitting(all);
  const { reason, details, retryAfterMs, cause } = fault;
  return new Fault(reason, { message, details, violations, cause, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}

function fitting(all: readonly Violation[]): readonly Violation[] {
  let [count, bytes] = [0, 0];
  for (const { field, rule, message } of all) {
    bytes += [field, rule, message].reduce((sum, text) => sum + bytesOf(text), 0);
    if (count > 0 && (count === headerLimits.violations || bytes > headerLimits.violationsBytes)) break;
    count += 1;
  }
  const [first] = all;
  if (first === undefined || count === all.length) return all;
  return [...all.slice(0, count), { field: first.field, rule: "more", message: `and ${all.length - count} more` }];
}

function cut(text: string): string {
  if (bytesOf(text) <= headerLimits.textBytes) return text;
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(headerLimits.textBytes - bytesOf("…")));
  return `${text.slice(0, read)}…`;
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
