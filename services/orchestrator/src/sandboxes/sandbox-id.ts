import type { Volume } from "../volume/volume.ts";
import type { SandboxHandle } from "./sandbox-provider.ts";

/** Names one sandbox: its volume's mark, and the attempt it was started for, or the name it was given where that was nobody's. Its processes and sockets are known by it for ever. */
export type SandboxId = {
  /** Tells a volume's sandboxes from others' on the machine: 8 hex digits. */
  readonly mark: string;
} & SandboxName;

/** What names a sandbox on its volume. */
export type SandboxName = { readonly runId: string; readonly attempt: number } | { readonly warm: string };

/** The mark of a volume, the same wherever it is mounted. */
export function markOf(volume: Pick<Volume, "sign">): string {
  return volume.sign("sandbox", "mark").slice(0, 8);
}

/** Names the sandbox of an attempt: one that was started before it was anybody's keeps the name it had. */
export function nameOf({ runId, attempt, warm }: Pick<SandboxHandle, "runId" | "attempt" | "warm">): SandboxName {
  return warm === undefined ? { runId, attempt } : { warm: warm.name };
}

/** Writes what names a sandbox on its volume as text, without blanks. */
export function formatSandboxName(name: SandboxName): string {
  return "warm" in name ? `warm-${name.warm}` : `${name.runId}.${name.attempt}`;
}

/** Writes an id as text, without blanks. */
export function formatSandboxId({ mark, ...name }: SandboxId): string {
  return `${mark}.${formatSandboxName(name)}`;
}

/** Reads an id; undefined where the text is none. */
export function parseSandboxId(text: string): SandboxId | undefined {
  const [, mark, warm, runId, attempt] = /^([0-9a-f]{8})\.(?:warm-([0-9a-f]+)|([^.]+)\.(\d+))$/.exec(text) ?? [];
  if (mark === undefined) return undefined;
  if (warm !== undefined) return { mark, warm };
  return runId === undefined ? undefined : { mark, runId, attempt: Number(attempt) };
}
