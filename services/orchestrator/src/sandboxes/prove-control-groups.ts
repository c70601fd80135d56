import { spawn } from "node:child_process";
import { once } from "node:events";
import { ControlGroup, type LentGroup, openLentGroup } from "@clew/process/control-groups";
import { SettingsError } from "@clew/process/settings";

/** What is tried: enough for a program that does nothing. */
const limits = { memoryBytes: 64 * 2 ** 20, tasks: 16 };

/**
 * Opens the control group at a path, and proves that sandboxes can have groups of their own in it: makes one, has a program run there, and removes it.
 *
 * @throws SettingsError saying why that cannot be done, and the way out.
 */
export async function demandControlGroups(path: string): Promise<LentGroup> {
  try {
    const lent = await openLentGroup(path);
    const group = new ControlGroup(lent, `proof-${process.pid}`);
    await using undo = new AsyncDisposableStack();
    undo.defer(() => group.remove());
    await group.make(limits);
    const [program, ...args] = group.entering(["/bin/true"]);
    const [code] = await once(spawn(program, args, { stdio: "ignore" }), "exit");
    if (code !== 0) throw new Error("a program could not enter a group");
    return lent;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SettingsError(
      `CLEW_CGROUP: no control groups can be made there: ${why}. Lend the group to Clew (docs/isolation.md), or leave CLEW_CGROUP out: what sandboxes take is then looked at each second`,
      { cause: error },
    );
  }
}
