import { join } from "node:path";
import type { SandboxPlan } from "./sandbox-provider.ts";

/** Names the folder of one attempt's sandbox in its run's. */
export function workFolderOf({ runFolder, attempt }: Pick<SandboxPlan, "runFolder" | "attempt">): string {
  return join(runFolder, `work-${attempt}`);
}
