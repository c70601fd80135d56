import { closeSync, constants, fstatSync, openSync } from "node:fs";
import type { SandboxEvent } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { scanOutbox } from "./scan-outbox.ts";

/** What a dead producer left. */
export interface LeftEvents {
  /** Its events, in order. */
  readonly events: readonly SandboxEvent[];
  /** Whether it had said all it would ever say. */
  readonly complete: boolean;
}

/** How much of the file is wanted. */
export interface ReadOutboxOptions {
  /** The last sequence that is already known; 0 unless given. */
  readonly after?: number;
  /** The most bytes of events taken, 32 MiB unless given: an honest producer has at most 16 MiB unacknowledged. */
  readonly maxBytes?: number;
}

/**
 * Reads an outbox file whose process is gone. A torn end is left out; a missing file holds nothing.
 *
 * The file may come from an untrusted process: a link or anything but a plain file counts as missing.
 */
export function readOutboxFile(file: string, { after = 0, maxBytes = 32 * 1024 * 1024 }: ReadOutboxOptions = {}): LeftEvents {
  const fd = openPlainFile(file);
  if (fd === undefined) return { events: [], complete: false };
  try {
    const events: SandboxEvent[] = [];
    let bytes = 0;
    for (const found of scanOutbox(fd)) {
      if (found.kind !== "event") return { events, complete: found.kind === "end" };
      if (found.event.sequence <= after) continue;
      bytes += found.sizeBytes;
      if (bytes > maxBytes) break;
      events.push(found.event);
    }
    return { events, complete: false };
  } finally {
    closeSync(fd);
  }
}

function openPlainFile(file: string): number | undefined {
  let fd: number;
  try {
    // Without O_NONBLOCK a named pipe would hold the reader for ever.
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && "code" in error && ["ENOENT", "ELOOP", "ENXIO", "ENOTDIR"].includes(String(error.code))) return undefined;
    throw error;
  }
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  return undefined;
}
