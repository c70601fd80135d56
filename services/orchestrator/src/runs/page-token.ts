import { createHash } from "node:crypto";
import { invalidRequest } from "@clew/fault/fault";

/** Where a page of a list begins, bound to the filters it was made with. */
export interface PageCursor {
  readonly createTimeMs: number;
  readonly id: string;
}

/** Writes a cursor for a caller to hand back. */
export function formatPageToken({ createTimeMs, id }: PageCursor, filters: unknown): string {
  return Buffer.from(JSON.stringify([createTimeMs, id, fingerprint(filters)])).toString("base64url");
}

/** Reads a cursor back. @throws Fault INVALID_REQUEST when it is none, or was made with other filters. */
export function parsePageToken(text: string, filters: unknown): PageCursor | undefined {
  if (text === "") return undefined;
  const [createTimeMs, id, made] = decode(text);
  if (typeof createTimeMs !== "number" || typeof id !== "string" || typeof made !== "string") {
    throw invalidRequest([{ field: "pageToken", rule: "page_token", message: "must be a nextPageToken, exactly as it was received" }]);
  }
  if (made !== fingerprint(filters)) {
    throw invalidRequest([
      { field: "pageToken", rule: "page_token_filters", message: "was made with other filters; send the same filters with it" },
    ]);
  }
  return { createTimeMs, id };
}

function fingerprint(filters: unknown): string {
  return createHash("sha256").update(JSON.stringify(filters)).digest("base64url").slice(0, 8);
}

function decode(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
