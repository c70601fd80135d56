import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { findProcesses, sandboxVariable } from "@clew/process/process-tree";
import { z } from "zod";
import { enclose } from "./enclose.ts";

/** What a proof is made with: what sandboxes are started with. */
export interface Proof {
  readonly node: string;
  /** The search path of sandboxes. */
  readonly path: string;
  readonly readable: readonly string[];
  /** What must not be seen from within, by the name it is complained of with: files and folders with secrets. */
  readonly hidden: Readonly<Record<string, string>>;
}

/** Milliseconds a proof may take. */
const proofMs = 10_000;

/** Enough for a Node.js. */
const limits = { threads: 256, fileBytes: 1024 * 1024 };

/** The kinds of namespaces that must be a sandbox's own. */
const namespaces = ["user", "pid", "net", "ipc", "uts", "mnt"] as const;

/** What is seen from within: it says so, and stays until it has been looked at from outside. */
const witness = `
const { lstatSync, readFileSync } = require("node:fs");
const { spawnSync } = require("node:child_process");
const isSeen = (path) => { try { lstatSync(path); return true; } catch ({ code }) { return code !== "ENOENT"; } };
const sees = Object.entries(JSON.parse(process.env.HIDDEN)).filter(([, path]) => isSeen(path)).map(([name]) => name);
const interfaces = readFileSync("/proc/net/dev", "utf8").split("\\n").slice(2).filter(Boolean).map((line) => line.trim().split(":")[0]);
const nests = spawnSync("unshare", ["--user", "true"]).status === 0;
console.log(JSON.stringify({ sees, interfaces, nests }));
process.stdin.resume();
`;

const testimony = z.strictObject({ sees: z.array(z.string()), interfaces: z.array(z.string()), nests: z.boolean() });

/** Starts a tiny sandbox as all are started and looks at it from within and from outside. Answers what is wrong with it, in a sentence; undefined where it isolates. */
export async function proveIsolation({ node, path, readable, hidden }: Proof): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), `clew-proof-${process.pid}-`));
  const id = `proof.${process.pid}`;
  const environment = { PATH: path, HIDDEN: JSON.stringify(hidden), [sandboxVariable]: id };
  try {
    const [program, ...args] = await enclose({ id, command: [node, "-e", witness], environment, readable, folders: [folder], limits });
    const child = spawn(program, args, { stdio: "pipe", env: environment, timeout: proofMs, killSignal: "SIGKILL" });
    try {
      return await examine(child, { id, folder });
    } finally {
      child.kill("SIGKILL");
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function examine(child: ChildProcess, marks: { readonly id: string; readonly folder: string }): Promise<string | undefined> {
  const said = await Promise.race([
    firstLine(child),
    new Promise<string>((resolve) => child.once("error", () => resolve("there is no bwrap that could be started"))),
  ]);
  const seen = testimony.safeParse(parseJson(said));
  if (!seen.success) return said.trim();
  const { sees, interfaces, nests } = seen.data;
  if (sees.length > 0) return `a sandbox sees ${sees.join(", ")}`;
  if (interfaces.some((name) => name !== "lo")) return "a sandbox has a network";
  if (!nests) return "Chromium could not make its own sandbox in it: this machine lets nobody make a namespace of users in another";
  return lookFromOutside(marks);
}

/** The sandbox's innermost process is whoever has no children. */
function lookFromOutside(marks: { readonly id: string; readonly folder: string }): string | undefined {
  const processes = findProcesses(marks);
  const parents = new Set(processes.map(({ parentPid }) => parentPid));
  const innermost = processes.find(({ pid }) => !parents.has(pid));
  if (innermost === undefined) return "a sandbox's process was not found";
  const shared = namespaces.filter((kind) => namespaceOf(innermost.pid, kind) === namespaceOf("self", kind));
  if (shared.length > 0) return `a sandbox shares namespaces of this machine: ${shared.join(", ")}`;
  const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${innermost.pid}/status`, "utf8"))?.[1];
  return uid === "0" ? "a sandbox is root on this machine" : undefined;
}

function namespaceOf(pid: number | "self", kind: (typeof namespaces)[number]): string {
  return readlinkSync(`/proc/${pid}/ns/${kind}`);
}

/** The first line it writes; where it writes none, what it complains of. */
async function firstLine({ stdout, stderr }: ChildProcess): Promise<string> {
  if (stdout === null || stderr === null) return "it has no output";
  const complaint = text(stderr);
  for await (const chunk of stdout) return String(chunk);
  return (await complaint).trim().split("\n")[0] || "it ended without a word";
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
