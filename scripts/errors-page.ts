import { codes } from "@clew/fault/code";
import { type Reason, type ReasonDefinition, reasons } from "@clew/fault/reasons";

const head = `# Errors

Every error of Clew has a \`reason\` from this table, at every door and in the outcome of every run. Reasons are never renamed, so programs
may tell them apart. Messages may change; read \`details\` for facts.

At REST and SSE an error is \`{"error": {"code", "reason", "message", "retryable", "details"}}\` with the HTTP status below. gRPC, Connect and
gRPC-Web send the code, and the reason in \`google.rpc.ErrorInfo\`. *Again* says whether the same call, or the same run, may succeed later.

<!-- Made from packages/fault/src/reasons.ts by npm run docs:errors; do not edit. -->

| reason | code | HTTP | again | what it means | way out |
|---|---|---|---|---|---|
`;

/** Writes docs/errors.md from the table of reasons. */
export function errorsPage(table: Readonly<Record<string, ReasonDefinition>> = reasons satisfies Record<Reason, ReasonDefinition>): string {
  return (
    head +
    Object.entries(table)
      .map(([reason, definition]) => row(reason, definition))
      .join("")
  );
}

function row(reason: string, { code, status, retryable, message, wayOut }: ReasonDefinition): string {
  const cells = [`\`${reason}\``, code, String(status ?? codes[code].status), retryable ? "yes" : "no", message, wayOut];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replace(/([<>])/g, "\\$1")).join(" | ")} |\n`;
}
