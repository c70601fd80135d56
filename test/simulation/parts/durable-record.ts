import { parsePosition } from "@clew/journal-format/resume-token";
import { Folder, Inode, type SimulatedDisk } from "../world/simulated-disk.ts";

const headerBytes = 36;
const chainBytes = 8;

/** Whether the record that a token names would be there after a loss of power at this moment. */
export function isDurable(disk: SimulatedDisk, runFolder: string, runId: string, token: string): boolean {
  const position = parsePosition(token, runId);
  const journal = durableFile(disk, `${runFolder}/journal`);
  if (position.kind !== "token" || journal === undefined) return false;
  const { offset, sequence, chain } = position;
  const { synced } = journal;
  if (synced.length < offset + headerBytes || synced.readUInt32BE(offset + 8) !== sequence) return false;
  const end = offset + headerBytes + synced.readUInt32BE(offset + 4) + chainBytes;
  return synced.length >= end && Buffer.compare(synced.subarray(end - chainBytes, end), chain) === 0;
}

function durableFile(disk: SimulatedDisk, path: string): Inode | undefined {
  let node: Folder | Inode | undefined = disk.root;
  for (const part of path.split("/").filter((each) => each !== "")) node = node instanceof Folder ? node.durable.get(part) : undefined;
  return node instanceof Inode ? node : undefined;
}
