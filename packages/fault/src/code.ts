/**
 * The 16 codes of gRPC errors, with the numbers gRPC gives them and the HTTP status each has at the REST door.
 * https://grpc.github.io/grpc/core/md_doc_statuscodes.html, https://github.com/googleapis/googleapis google/rpc/code.proto
 */
export const codes = {
  CANCELLED: { number: 1, status: 499 },
  UNKNOWN: { number: 2, status: 500 },
  INVALID_ARGUMENT: { number: 3, status: 400 },
  DEADLINE_EXCEEDED: { number: 4, status: 504 },
  NOT_FOUND: { number: 5, status: 404 },
  ALREADY_EXISTS: { number: 6, status: 409 },
  PERMISSION_DENIED: { number: 7, status: 403 },
  RESOURCE_EXHAUSTED: { number: 8, status: 429 },
  FAILED_PRECONDITION: { number: 9, status: 400 },
  ABORTED: { number: 10, status: 409 },
  OUT_OF_RANGE: { number: 11, status: 400 },
  UNIMPLEMENTED: { number: 12, status: 501 },
  INTERNAL: { number: 13, status: 500 },
  UNAVAILABLE: { number: 14, status: 503 },
  DATA_LOSS: { number: 15, status: 500 },
  UNAUTHENTICATED: { number: 16, status: 401 },
} as const;

/** The name of a gRPC error code. */
export type Code = keyof typeof codes;

const byNumber = new Map<number, Code>(Object.entries(codes).map(([name, { number }]) => [number, name as Code]));

/** Names a gRPC code; UNKNOWN where the number is none. */
export function codeFromNumber(number: number): Code {
  return byNumber.get(number) ?? "UNKNOWN";
}
