import { limitedCommand, type ResourceLimits } from "./resource-limits.ts";
import type { SandboxUser } from "./sandbox-user.ts";
import type { SystemPath } from "./system-paths.ts";

/** What a process in a sandbox of its own sees, and nothing else. */
export interface IsolationPlan {
  /** What the machine lends it: programs, libraries, fonts. */
  readonly system: readonly SystemPath[];
  /** Folders and files it may read, under the paths they have outside. */
  readonly readable: readonly string[];
  /** Folders it may write to, under the paths they have outside. */
  readonly writable: readonly string[];
  /** Its whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where it works: one of the writable folders. */
  readonly workingFolder: string;
  /** Bytes its own temporary folder, and its shared memory, may each hold. */
  readonly tempBytes: number;
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** What it may take of the machine. */
  readonly limits: ResourceLimits;
  /** Who it is on the machine, where root starts it; otherwise it is whoever starts it. */
  readonly user?: SandboxUser | undefined;
}

/** The user it is inside, whoever it is on the machine. */
const insideUser = "1000";

/**
 * Writes the arguments of bubblewrap: namespaces of its own for users, processes, network, messages, the host's name, control groups and mounts; a
 * root that is empty but for what the plan names; no network but loopback; and an end when whoever started it ends.
 *
 * Where root starts it, bubblewrap itself stays root, since nobody else reaches the folders it lends; it hands over to `setpriv`, which gives up root
 * for good, and to `unshare`, for the namespace of users that bubblewrap then cannot make.
 */
export function bubblewrapArguments(plan: IsolationPlan): string[] {
  const temp = ["--perms", "1777", "--size", String(plan.tempBytes), "--tmpfs"];
  const { user } = plan;
  const own = user === undefined ? ["--unshare-user", "--uid", insideUser, "--gid", insideUser] : [];
  return [
    own,
    ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"],
    ["--hostname", "sandbox", "--die-with-parent", "--new-session", "--clearenv"],
    ...parentsOf(plan.system.map(({ path }) => path)).map((folder) => ["--dir", folder]),
    ...plan.system.map((path) => ("target" in path ? ["--symlink", path.target, path.path] : ["--ro-bind", path.path, path.path])),
    ["--proc", "/proc", "--dev", "/dev", ...temp, "/tmp", ...temp, "/dev/shm"],
    ...parentsOf([...plan.readable, ...plan.writable]).map((folder) => ["--dir", folder]),
    ...plan.readable.map((path) => ["--ro-bind", path, path]),
    ...plan.writable.map((path) => ["--bind", path, path]),
    ...Object.entries(plan.environment).map(([name, value]) => ["--setenv", name, value]),
    ["--remount-ro", "/", "--chdir", plan.workingFolder, "--"],
    user === undefined ? [] : becoming(user),
    // Only now: threads are counted in a namespace of users, and here in the sandbox's own.
    limitedCommand(plan.limits),
    plan.command,
  ].flat();
}

/** The folders that paths lie in, the outermost first: those that bubblewrap makes by itself only their owner may enter. */
function parentsOf(paths: readonly string[]): readonly string[] {
  const parents = paths.flatMap((path) => {
    const parts = path.split("/").slice(1, -1);
    return parts.map((_part, index) => `/${parts.slice(0, index + 1).join("/")}`);
  });
  return [...new Set(parents)].filter((folder) => folder !== "/tmp").sort();
}

/** Gives up root, and the way back to it. */
function becoming({ uid, gid }: SandboxUser): string[] {
  const drop = [
    "setpriv",
    "--reuid",
    String(uid),
    "--regid",
    String(gid),
    "--clear-groups",
    "--no-new-privs",
    "--inh-caps=-all",
    "--ambient-caps=-all",
    "--bounding-set=-all",
  ];
  return [...drop, "--", "unshare", "--user", `--map-user=${insideUser}`, `--map-group=${insideUser}`, "--"];
}
