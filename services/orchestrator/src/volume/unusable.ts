import { Fault } from "@clew/fault/fault";
import { hasCode } from "@clew/fault/volume-fault";
import { SettingsError } from "@clew/process/settings";

/** SQLite's primary result codes, for what a disk does to a database. */
const sqlite = { ioError: 10, readOnly: 8, full: 13, cannotOpen: 14, protocol: 15 } as const;

/** Says in words for operators why a volume cannot be used; any other error stays what it is. */
export function unusableVolume(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof SettingsError) return error;
  if (error instanceof Fault) return unusableVolume(error.cause ?? new Error(error.message));
  // The low byte is the primary code.
  const code = "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
  const say = (what: string) => new SettingsError(`CLEW_VOLUME: ${what}`, { cause: error });
  if (hasCode(error, "EROFS") || code === sqlite.readOnly)
    return say("the volume is read-only; mount it writable, or set another CLEW_VOLUME");
  if (hasCode(error, "ENOSPC", "EDQUOT") || code === sqlite.full)
    return say("the volume is full, and what was held in reserve is used up; free some space on it, or set another CLEW_VOLUME");
  if (hasCode(error, "EACCES", "EPERM") || code === sqlite.cannotOpen)
    return say("this user may not write the volume; give it the right, or set another CLEW_VOLUME");
  if (hasCode(error, "ENOTDIR", "EEXIST")) return say("it is not a folder; set another CLEW_VOLUME");
  if (code === sqlite.ioError || code === sqlite.protocol || ("syscall" in error && "code" in error))
    return say(`the volume fails (${"code" in error ? error.code : "unknown"}); look at its disk, or set another CLEW_VOLUME`);
  return error;
}
