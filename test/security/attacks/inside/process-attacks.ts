import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { hostname } from "node:os";
import type { Try } from "./targets.ts";

/** What a program answers on its output, where it holds the marker. */
function told(marker: string, program: string, ...args: readonly string[]): string | undefined {
  const { stdout, error } = spawnSync(program, args, { encoding: "utf8", timeout: 3_000, maxBuffer: 16 * 2 ** 20 });
  if (error !== undefined) throw error;
  return stdout.includes(marker) ? "the marker" : undefined;
}

const pids = () => readdirSync("/proc").filter((name) => /^\d+$/.test(name));

function everyProcess(file: string): string {
  return pids()
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, "latin1");
      } catch {
        return "";
      }
    })
    .join("\n");
}

/** Tries that are about processes, the kernel and what is shared. */
export const processAttacks: Readonly<Record<string, Try>> = {
  "the machine's processes": async ({ daemonSeconds }) =>
    everyProcess("cmdline").includes(`victim-${daemonSeconds}`) ? "seen" : undefined,
  "the environment of other processes": async ({ marker }) => (everyProcess("environ").includes(marker) ? "read" : undefined),
  "its own environment": async ({ marker }) => (JSON.stringify(process.env).includes(marker) ? "read" : undefined),
  "another process's memory": async ({ victim }) => {
    await using _ = await open(`/proc/${victim}/mem`, "r+");
    return "opened";
  },
  "another process's root": async ({ victim, file }) => readFileSync(`/proc/${victim}/root${file}`, "utf8"),
  "the first process's root": async ({ file }) => readFileSync(`/proc/1/root${file}`, "utf8"),
  "another process's namespaces": async ({ victim, file, marker }) =>
    told(marker, "nsenter", "--target", String(victim), "--mount", "cat", file),
  "a namespace of its own": async ({ file, marker }) => told(marker, "unshare", "--user", "--map-root-user", "--mount", "cat", file),
  "a mount of the machine's processes": async ({ marker }) =>
    told(marker, "unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "sh", "-c", "cat /proc/*/environ"),
  "to be root": async ({ file }) => {
    process.setuid?.(0);
    return readFileSync(file, "utf8");
  },
  "another root": async ({ file, marker }) => told(marker, "unshare", "--user", "--map-root-user", "chroot", "/proc/1/root", "cat", file),
  "a device of the machine": async () => {
    const path = `/tmp/clew-test-disk-${process.pid}`;
    const { status } = spawnSync("mknod", [path, "b", "8", "0"], { timeout: 3_000 });
    await rm(path, { force: true });
    return status === 0 ? "made" : undefined;
  },
  "the kernel's settings": async () => {
    await using _ = await open("/proc/sys/kernel/core_pattern", "r+");
    return "opened";
  },
  "the kernel's emergency key": async () => {
    await using _ = await open("/proc/sysrq-trigger", "w");
    return "opened";
  },
  "the control groups": async () => {
    await using _ = await open("/sys/fs/cgroup/cgroup.procs", "r+");
    return "opened";
  },
  "the machine's disks": async () => {
    const found = readdirSync("/dev").filter((name) => /^(sd|vd|nvme|dm-|loop|mem|kmem|port|kvm)/.test(name));
    return found.length > 0 ? found.join(" ") : undefined;
  },
  "the machine's name": async ({ hostName }) => (hostname() === hostName ? hostName : undefined),
  "the machine's shared memory": async ({ sharedFile }) => readFileSync(sharedFile, "utf8"),
  "what it was started with open": async ({ folder }, { workFolder }) => {
    const led = readdirSync("/proc/self/fd").flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return [];
      }
    });
    const out = led.filter((path) => path.startsWith(folder) && !path.startsWith(workFolder) && !path.startsWith("/proc"));
    return out.length > 0 ? out.join(" ") : undefined;
  },
  "a process that stays": async ({ daemonSeconds }) => {
    // Nobody's child, in no group and no folder of the sandbox, and with nothing in its environment that names it.
    spawn("/usr/bin/setsid", ["sh", "-c", `cd /; sleep ${daemonSeconds} & exit 0`], {
      env: { PATH: "/usr/bin:/bin" },
      stdio: "ignore",
      detached: true,
    }).unref();
    return undefined;
  },
  // Last of all: what looks for the victim finds it gone.
  "an end to another process": async ({ victim }) => {
    process.kill(victim, "SIGKILL");
    return "sent";
  },
};
