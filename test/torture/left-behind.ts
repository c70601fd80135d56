import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { findMarkedSandboxes, type MarkedSandbox } from "@clew/orchestrator/sandboxes/marked-processes";
import { formatSandboxId, markOf } from "@clew/orchestrator/sandboxes/sandbox-id";
import { socketFolderName } from "@clew/orchestrator/sandboxes/socket-folder";
import { openVolume } from "@clew/orchestrator/volume/volume";
import { findProcesses, readProcess } from "@clew/process/process-tree";
import { delay } from "@clew/streams/delay";
import { z } from "zod";
import type { KnownEvent } from "../support/delivery.ts";
import type { Fleet } from "../support/fleet.ts";
import { sandboxProcesses } from "../support/sandbox-processes.ts";

/** Where sandboxes may have left something. */
export type Places = Pick<Fleet, "volume" | "socketFolder" | "temp">;

/** What a run's folder holds when the run is over. */
const lasting: ReadonlySet<string> = new Set(["artifacts", "journal", "journal.index"]);

/** Milliseconds after the last end in which all of it must be gone. */
const patienceMs = 20_000;

const stored = z.object({
  artifactStored: z.object({ artifact: z.object({ name: z.string(), sizeBytes: z.coerce.number().default(0) }) }),
});

/** Finds what is left of sandboxes when no run goes on: processes, whoever they are, sockets, folders and mounts. So many may wait for the next run. */
export async function leftBehind(places: Places, mayWait = 0): Promise<string[]> {
  let left = await look(places, mayWait);
  for (const until = performance.now() + patienceMs; left.length > 0 && performance.now() < until; left = await look(places, mayWait)) {
    await delay(200);
  }
  return left;
}

/** Finds files among a run's artifacts that its record does not name, and those that are not as long as it says. */
export async function strayArtifacts({ volume }: Places, runId: string, record: readonly KnownEvent[]): Promise<string[]> {
  const named = new Map(
    record.flatMap(({ json }) => {
      const { data } = stored.safeParse(JSON.parse(json));
      return data === undefined ? [] : [[data.artifactStored.artifact.name, data.artifactStored.artifact.sizeBytes] as const];
    }),
  );
  const folder = join(volume, "runs", runId, "artifacts");
  const found = await readdir(folder).catch((): string[] => []);
  const sizes = await Promise.all(found.map(async (name) => [name, (await stat(join(folder, name))).size] as const));
  return [
    ...sizes
      .filter(([name, size]) => named.get(name) !== size)
      .map(([name, size]) => `${runId}: the file ${name} has ${size} bytes, and the record says ${named.get(name) ?? "nothing of it"}`),
    ...[...named.keys()].filter((name) => !found.includes(name)).map((name) => `${runId}: the record has a file ${name} that is not there`),
  ];
}

async function look(places: Places, mayWait: number): Promise<string[]> {
  const { volume, socketFolder, temp } = places;
  const runs = await readdir(join(volume, "runs"));
  const inRuns = await Promise.all(runs.map(async (run) => (await readdir(join(volume, "runs", run))).map((name) => ({ run, name }))));
  const warm = await readdir(join(volume, "warm")).catch((): string[] => []);
  const kept = await readdir(join(volume, "kept")).catch((): string[] => []);
  const waiting = warm.length <= mayWait ? warm : [];
  const mark = markOf(await openVolume(volume));
  const sockets = new Set(waiting.map((name) => socketFolderName({ mark, warm: name })));
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return [
    ...processesLeft(places, mark, waiting),
    ...(await readdir(socketFolder)).filter((name) => !sockets.has(name)).map((name) => `${name} is left among the sockets`),
    ...(await readdir(temp)).filter((name) => name !== "node-compile-cache").map((name) => `${name} is left in the temp folder`),
    ...kept.map((name) => `kept/${name} is left`),
    ...warm.filter((name) => !waiting.includes(name)).map((name) => `warm/${name} is left`),
    ...inRuns.flat().flatMap(({ run, name }) => (lasting.has(name) ? [] : [`${run}/${name} is left`])),
    ...mounts
      .filter((line) => [volume, socketFolder, temp].some((place) => line.includes(place)))
      .map((line) => `a mount is left: ${line}`),
  ];
}

/** Looks for them by every sign they have: the volume's mark, what names its runs, those that they began, and where they work. */
function processesLeft({ volume }: Places, mark: string, waiting: readonly string[]): string[] {
  const marked = [...findMarkedSandboxes().values()].filter(({ id }) => id.mark === mark);
  const processesOf = ({ id, wardens }: MarkedSandbox) => [
    ...wardens,
    ...findProcesses({ id: formatSandboxId(id), folder: join(volume, "runs", "none") }).map(({ pid }) => pid),
  ];
  const pids = new Set([...sandboxProcesses(volume).map(({ pid }) => pid), ...marked.flatMap(processesOf), ...workingIn(`${volume}/`)]);
  for (const name of waiting) {
    const own = marked.filter(({ id }) => "warm" in id && id.warm === name).flatMap(processesOf);
    for (const pid of [...own, ...workingIn(`${volume}/warm/${name}/`)]) pids.delete(pid);
  }
  return [...pids].filter((pid) => readProcess(pid) !== undefined).map((pid) => `process ${pid} is left: ${commandOf(pid)}`);
}

function workingIn(folder: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readlinkSync(`/proc/${name}/cwd`).startsWith(folder);
      } catch {
        return false;
      }
    })
    .map(Number);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").slice(0, 120);
  } catch {
    return "gone by now";
  }
}
