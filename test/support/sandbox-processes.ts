import { readdirSync, readFileSync } from "node:fs";

/** A process of this machine. */
export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

/** Finds the processes of sandboxes on a volume: its wardens, agents and browsers, as their command lines, environments and work folders name it. */
export function sandboxProcesses(volume: string): FoundProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        const environment = readFileSync(`/proc/${name}/environ`, "utf8");
        const names = [`${volume}/runs`, `${volume}/warm`];
        const isOurs = Number(name) !== process.pid && names.some((one) => command.includes(one) || environment.includes(one));
        return isOurs && command !== "" ? [{ pid: Number(name), command }] : [];
      } catch {
        return [];
      }
    });
}

/** Finds the one process of a sandbox on the volume that plays a role. */
export function sandboxProcess(volume: string, role: "warden" | "agent" | "browser"): FoundProcess {
  const wanted = (command: string) =>
    role === "browser"
      ? command.includes("--remote-debugging-pipe") && !command.includes("--type=")
      : command.includes(role === "agent" ? "sandbox-agent/src/main." : "warden/src/main.");
  // What encloses an agent names it too.
  const found = sandboxProcesses(volume).find(({ command }) => wanted(command) && !command.startsWith("bwrap "));
  if (found === undefined) throw new Error(`no ${role} runs on ${volume}`);
  return found;
}
