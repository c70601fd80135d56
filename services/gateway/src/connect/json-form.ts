/** How JSON stands in the body of a call. */
export interface JsonForm {
  /** Of a stream of messages, each with its flags and its length before it: the flag of what ends it, and is no message of the call. Undefined where the body is one message. */
  readonly endFlag: number | undefined;
  /** Whether the body, or each message that says so, is compressed with gzip. */
  readonly isCompressed: boolean;
}

/** The types of JSON, each with the header that says how it is compressed. */
const types: ReadonlyMap<string, Pick<JsonForm, "endFlag"> & { readonly header: string }> = new Map([
  ["application/json", { header: "content-encoding", endFlag: undefined }],
  ["application/connect+json", { header: "connect-content-encoding", endFlag: 0x02 }],
  ["application/grpc-web+json", { header: "grpc-encoding", endFlag: 0x80 }],
]);

/** Finds how JSON stands in a body; undefined where it is none, or is compressed in a way that is not read. */
export function jsonFormOf(headers: Readonly<Record<string, string | string[] | undefined>>): JsonForm | undefined {
  const type = String(headers["content-type"] ?? "")
    .split(";", 1)[0]
    ?.trim()
    .toLowerCase();
  const form = types.get(type ?? "");
  if (form === undefined) return undefined;
  const encoding = headers[form.header] ?? "identity";
  if (encoding !== "identity" && encoding !== "gzip") return undefined;
  return { endFlag: form.endFlag, isCompressed: encoding === "gzip" };
}
