import type { RunSpec } from "@clew/proto/grpc/clew/run/v1/run";

/** Writes a spec so that equal specs have equal bytes. */
export function canonicalSpec(spec: RunSpec | undefined): string {
  return JSON.stringify(spec, (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
