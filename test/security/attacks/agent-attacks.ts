import type { Attack } from "./attack.ts";
import { fileAttacks } from "./inside/file-attacks.ts";
import { networkAttacks } from "./inside/network-attacks.ts";
import { processAttacks } from "./inside/process-attacks.ts";

/** What holds in the tier `process` too. */
const stopped = new Set([
  "its own environment",
  "what it was started with open",
  "a tunnel to the machine through its way out",
  "a tunnel to the machine in octal digits",
  "a tunnel to the machine by a mapped address",
  "a request to the machine through its way out",
  "a request whose header names the machine",
  "two requests in one to the machine",
  "the orchestrator through its way out",
  "the gateway through its way out",
  "the metadata service through its way out",
  "its warden's calls",
  "another sandbox's calls",
  "a process that stays",
]);

/** What follows from who the orchestrator is, and from the machine. */
const depends = new Set([
  "the machine's passwords",
  "the home of root",
  "its own program",
  "the programs of others",
  "the system's programs",
  "a broadcast",
  "a name server",
  "an address of the internet",
  "the metadata service",
  "another process's memory",
  "another process's root",
  "the first process's root",
  "another process's namespaces",
  "a namespace of its own",
  "a mount of the machine's processes",
  "to be root",
  "another root",
  "a device of the machine",
  "the kernel's settings",
  "the kernel's emergency key",
  "the control groups",
  "the machine's disks",
]);

/** All that a program tries which has taken a sandbox over. */
export const agentAttacks: readonly Attack[] = Object.keys({ ...fileAttacks, ...networkAttacks, ...processAttacks }).map((name) => ({
  name,
  process: stopped.has(name) ? "stops" : depends.has(name) ? "depends" : "does not stop",
}));
