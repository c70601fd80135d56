import { createHash } from "node:crypto";

/** A user and group of the machine. */
export interface SandboxUser {
  readonly uid: number;
  readonly gid: number;
}

/** Above every user that a machine has, and every range it gives to containers by default. */
const firstUid = 1_500_000_000;
/** Linux gives no process a higher number. */
const mostPids = 2 ** 22;
/** As many ranges of so many as there is room for. */
const ranges = 512;

/**
 * Names the user a sandbox's processes are. Where the warden is root it follows from the warden's process id, which no living process beside it shares, and from the sandbox's id:
 * wardens in containers may have the same process id, and are then the same user only by a chance of 1 in 512. Otherwise it is the warden's own, and nothing is to be set.
 */
export function sandboxUser({
  uid,
  pid,
  id,
}: {
  readonly uid: number;
  readonly pid: number;
  readonly id: string;
}): SandboxUser | undefined {
  if (uid !== 0) return undefined;
  const range = createHash("sha256").update(id).digest().readUInt16BE() % ranges;
  const own = firstUid + range * mostPids + pid;
  return { uid: own, gid: own };
}
