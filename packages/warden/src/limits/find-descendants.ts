import { readdirSync } from "node:fs";
import { readProcess } from "@clew/process/process-tree";

/** Finds a process and all that descends from it. What leaves its parent stays among them only where a namespace of processes holds it. */
export function findDescendants(pid: number): number[] {
  const children = Map.groupBy(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => readProcess(Number(name)) ?? []),
    ({ parentPid }) => parentPid,
  );
  const found = [pid];
  for (const parent of found) found.push(...(children.get(parent) ?? []).map((child) => child.pid));
  return found;
}
