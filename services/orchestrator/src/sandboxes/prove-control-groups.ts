import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { ControlGroup, type GroupFolders, groupIn, groupOf } from "@clew/process/control-group";
import { openLentGroup } from "@clew/process/lent-group";
import { SettingsError } from "@clew/process/settings";

/** What is tried: enough for a program that does nothing. */
const limits = { memoryBytes: 64 * 2 ** 20, tasks: 16 };

/**
 * Opens the control group at a path, and proves that sandboxes can have groups of their own in it: makes one, has a program run there, and removes it.
 * It is called after the volume's mark, so that a janitor finds what is left of it.
 *
 * @throws SettingsError saying why that cannot be done, and the way out.
 */
export async function demandControlGroups(path: string, mark: string): Promise<GroupFolders> {
  try {
    const lent = await openLentGroup(path);
    await tryOne(new ControlGroup(groupIn(lent, groupOf(`${mark}.proof-${randomBytes(4).toString("hex")}`))));
    return lent;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SettingsError(
      `CLEW_CGROUP: no control groups can be made there: ${why}. Lend the group to Clew (docs/isolation.md), or leave CLEW_CGROUP out: what sandboxes take is then looked at each second`,
      { cause: error },
    );
  }
}

async function tryOne(group: ControlGroup): Promise<void> {
  await using undo = new AsyncDisposableStack();
  undo.defer(() => group.remove());
  await group.make(limits);
  const [program, ...args] = group.entering(["/bin/true"]);
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  const [complaint, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  if (code !== 0) throw new Error(`a program could not enter a group: ${complaint.trim()}`);
}
