import { Fault } from "./fault.ts";

/** Whether an error is the file system's, with one of these codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && codes.includes(error.code);
}

/** What a failed call of the file system means to who asked for it: VOLUME_FULL where there was no room, otherwise VOLUME_FAILED. A Fault stays what it is. */
export function volumeFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault(hasCode(error, "ENOSPC", "EDQUOT") ? "VOLUME_FULL" : "VOLUME_FAILED", { cause: error });
}

/** Whether an error is one that a disk has, not one that a program makes. */
export function isDiskTrouble(error: unknown): boolean {
  return hasCode(error, "ENOSPC", "EDQUOT", "EIO", "EROFS");
}
