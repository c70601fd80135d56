import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { placesOf } from "@clew/outbox/work-folder";
import { compileCacheEnvironment } from "@clew/process/compile-cache";
import type { ControlGroup } from "@clew/process/control-group";
import { frugalNode } from "@clew/process/frugal-node";
import { sandboxVariable } from "@clew/process/process-tree";
import type { WardenSettings } from "./config.ts";
import { enclose } from "./isolation/enclose.ts";

/** The most threads a process has, on the average, and how many there may be at least: a browser that cannot start says less than the watch that ends it. */
const threadsEach = 16;
const fewestThreads = 512;

/** How the agent's process is started. */
export interface AgentCommand {
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  /** Where it works. */
  readonly folder: string;
}

/** How many threads a sandbox may have, its processes' first ones among them. */
export function mostThreads({ processes }: WardenSettings["limits"]): number {
  return Math.max(fewestThreads, threadsEach * processes);
}

/**
 * Writes the command that starts the agent, by itself or enclosed, in its control group where it has one, with nothing of this process's environment; and makes
 * the folders it expects.
 */
export async function agentCommand(settings: WardenSettings, group: ControlGroup | undefined): Promise<AgentCommand> {
  const { isolation } = settings;
  const { agent: folder } = placesOf(settings.workFolder);
  const [home, temp] = [join(folder, "home"), join(folder, "tmp")];
  await Promise.all([home, temp].map((path) => mkdir(path, { recursive: true, mode: 0o700 })));
  const command = [settings.node, ...frugalNode.agent, settings.agentPath] as const;
  const environment = {
    PATH: settings.path,
    HOME: home,
    TMPDIR: temp,
    ...compileCacheEnvironment(),
    [sandboxVariable]: settings.sandboxId,
  };
  const entering = (inner: AgentCommand["command"]) => ({ command: group?.entering(inner) ?? inner, environment, folder });
  if (isolation.kind === "process") return entering(command);
  const enclosed = await enclose({
    id: settings.sandboxId,
    command,
    environment,
    readable: isolation.readable,
    folders: [folder, dirname(settings.agentSocket)],
    limits: { threads: mostThreads(settings.limits), fileBytes: settings.limits.diskBytes },
  });
  return entering(enclosed);
}
