import { readFileSync } from "node:fs";

/** What a process and its children may each take, as the kernel keeps it. Memory is not among them: Chromium does not start where its addresses are counted. */
export interface ResourceLimits {
  /** Threads of all its processes together. */
  readonly threads: number;
  /** Bytes of one file. */
  readonly fileBytes: number;
}

/** Writes the command that starts another with these limits, none of them above what this process has itself. */
export function limitedCommand({ threads, fileBytes }: ResourceLimits): string[] {
  const own = readFileSync("/proc/self/limits", "latin1");
  const atMost = (wanted: number, name: string) => {
    const hard = Number(new RegExp(`^${name} +\\S+ +(\\d+)`, "m").exec(own)?.[1] ?? wanted);
    return Math.min(wanted, hard);
  };
  return ["prlimit", `--nproc=${atMost(threads, "Max processes")}`, `--fsize=${atMost(fileBytes, "Max file size")}`, "--core=0", "--"];
}
