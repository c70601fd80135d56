import { createHash } from "node:crypto";
import { lstat, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { formatSandboxId, type SandboxId } from "./sandbox-id.ts";

/** The longest path a Unix socket can be bound to, in bytes. */
const maxSocketPathBytes = 107;

/** Where a sandbox's sockets lie. */
export interface SocketPaths {
  /** The sandbox's own folder, which nobody else may enter. */
  readonly folder: string;
  readonly warden: string;
  /** The folder in it that is seen from within the sandbox. */
  readonly inside: string;
  readonly agent: string;
  /** The sandbox's way out. */
  readonly egress: string;
}

/** What the names of all socket folders of a volume begin with. */
export function socketFolderPrefix(mark: string): string {
  return `clew-${mark}-`;
}

/** Names the folder of a sandbox's sockets: short, and the same for the same sandbox. */
export function socketFolderName(id: SandboxId): string {
  const hash = createHash("sha256").update(formatSandboxId(id)).digest("hex").slice(0, 12);
  return `${socketFolderPrefix(id.mark)}${hash}`;
}

/** Names the sockets of a sandbox. */
export function socketPaths(base: string, id: SandboxId): SocketPaths {
  const folder = join(base, socketFolderName(id));
  const inside = join(folder, "inside");
  return { folder, warden: join(folder, "warden"), inside, agent: join(inside, "agent"), egress: join(inside, "egress") };
}

/**
 * Makes the folder of a sandbox's sockets, empty and closed to others.
 *
 * @throws Fault SANDBOX_START_FAILED when the path is too long to bind, or when somebody else holds the folder.
 */
export async function makeSocketFolder({ folder, warden, inside, agent, egress }: SocketPaths): Promise<void> {
  if ([warden, agent, egress].some((path) => Buffer.byteLength(path) > maxSocketPathBytes)) {
    throw new Fault("SANDBOX_START_FAILED", {
      message: "The sockets' folder has too long a path; set XDG_RUNTIME_DIR or TMPDIR to a shorter one.",
    });
  }
  const existing = await lstat(folder).catch(() => undefined);
  if (existing !== undefined) {
    // In a folder that all may write to, somebody may have been here first.
    if (!existing.isDirectory() || existing.uid !== process.getuid?.())
      throw new Fault("SANDBOX_START_FAILED", { message: "The sockets' folder belongs to somebody else." });
    await rm(folder, { recursive: true });
  }
  await mkdir(folder, { mode: 0o700 });
  await mkdir(inside, { mode: 0o700 });
}
