/** How JSON stands in the body of a call. */
export interface JsonForm {
  /** Whether the body is a stream of messages, each with its flags and its length before it. */
  readonly isEnveloped: boolean;
  /** Whether the body, or each message that says so, is compressed with gzip. */
  readonly isCompressed: boolean;
}

/** The types of JSON, each with the header that says how it is compressed. */
const encodings: ReadonlyMap<string, string> = new Map([
  ["application/json", "content-encoding"],
  ["application/connect+json", "connect-content-encoding"],
  ["application/grpc-web+json", "grpc-encoding"],
]);

/** Finds how JSON stands in a body; undefined where it is none, or is compressed in a way that is not read. */
export function jsonFormOf(headers: Readonly<Record<string, string | string[] | undefined>>): JsonForm | undefined {
  const type = String(headers["content-type"] ?? "")
    .split(";", 1)[0]
    ?.trim()
    .toLowerCase();
  const header = encodings.get(type ?? "");
  const encoding = header === undefined ? undefined : (headers[header] ?? "identity");
  if (encoding !== "identity" && encoding !== "gzip") return undefined;
  return { isEnveloped: type !== "application/json", isCompressed: encoding === "gzip" };
}
