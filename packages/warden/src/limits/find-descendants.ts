import type { ProcessEntry } from "@clew/process/process-tree";

/** Finds, of all processes of the machine, those that live and descend from one. What leaves its parent stays among them only where somebody adopts it, or a namespace of processes holds it. */
export function findDescendants(all: readonly ProcessEntry[], pid: number): number[] {
  const children = Map.groupBy(all, ({ parentPid }) => parentPid);
  const found = [...(children.get(pid) ?? [])];
  // What has ended may have children still: its first thread has, others have not.
  for (const parent of found) found.push(...(children.get(parent.pid) ?? []));
  return found.filter(({ hasEnded }) => !hasEnded).map((process) => process.pid);
}
