import type { Volume } from "../volume/volume.ts";

/** Names one sandbox: its volume's mark, its run and its attempt. Its processes and its sockets are known by it. */
export interface SandboxId {
  /** Tells a volume's sandboxes from others' on the machine: 8 hex digits. */
  readonly mark: string;
  readonly runId: string;
  readonly attempt: number;
}

/** The mark of a volume, the same wherever it is mounted. */
export function markOf(volume: Pick<Volume, "sign">): string {
  return volume.sign("sandbox", "mark").slice(0, 8);
}

/** Writes an id as text, without blanks. */
export function formatSandboxId({ mark, runId, attempt }: SandboxId): string {
  return `${mark}.${runId}.${attempt}`;
}

/** Reads an id; undefined where the text is none. */
export function parseSandboxId(text: string): SandboxId | undefined {
  const [, mark, runId, attempt] = /^([0-9a-f]{8})\.([^.]+)\.(\d+)$/.exec(text) ?? [];
  return mark === undefined || runId === undefined ? undefined : { mark, runId, attempt: Number(attempt) };
}
