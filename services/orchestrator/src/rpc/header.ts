import type { CallContext } from "@clew/grpc/service";

/** Reads a header a caller sent; undefined where there is none. */
export function header({ metadata }: Pick<CallContext, "metadata">, name: string): string | undefined {
  const [value] = metadata.get(name);
  return typeof value === "string" ? value : undefined;
}
