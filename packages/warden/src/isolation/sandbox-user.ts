/** A user and group of the machine. */
export interface SandboxUser {
  readonly uid: number;
  readonly gid: number;
}

/** Above every user that a machine has, and every range it gives to containers by default. */
const firstUid = 1_500_000_000;

/**
 * Names the user a sandbox's processes are. Where the warden is root it is one that nobody else is: its number follows from the warden's process id,
 * which no living process shares. Otherwise it is the warden's own, and nothing is to be set.
 */
export function sandboxUser({ uid, pid }: { readonly uid: number; readonly pid: number }): SandboxUser | undefined {
  return uid === 0 ? { uid: firstUid + pid, gid: firstUid + pid } : undefined;
}
