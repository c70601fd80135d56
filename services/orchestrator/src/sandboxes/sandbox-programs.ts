import { realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { findPrograms } from "./find-programs.ts";

/** What runs in sandboxes and beside them, and where it lies. */
export interface SandboxPrograms {
  /** The Node.js that runs them. */
  readonly node: string;
  readonly wardenPath: string;
  /** The program that proves that a sandbox isolates. */
  readonly provePath: string;
  readonly agentPath: string;
  readonly chromiumPath: string;
  /** What the agent and its browser read, beside what the system has: named one by one, since a volume may lie beside them. */
  readonly readable: readonly string[];
}

/** Found by what lies in it: this code may run from a bundle. */
const root = fileURLToPath(new URL("..", import.meta.resolve("@clew/proto/schema/buf.yaml")));

/** Folders that every sandbox sees as the machine has them. */
const systemFolders = ["/usr/", "/bin/", "/lib/", "/lib64/"];

/** Names the programs of this installation; `agentPath` is another program that is to work in sandboxes. */
export function sandboxPrograms({
  chromiumPath,
  agentPath,
}: {
  readonly chromiumPath: string;
  readonly agentPath?: string;
}): SandboxPrograms {
  const agentFolder = join(root, "services/sandbox-agent");
  const find = findPrograms(root);
  const agent = agentPath ?? find("services/sandbox-agent/src/main.ts");
  const folders = ["node_modules", "packages", "proto"].map((name) => join(root, name));
  const browser = realpathSync(chromiumPath);
  return {
    node: process.execPath,
    wardenPath: find("packages/warden/src/main.ts"),
    provePath: find("packages/warden/src/prove.ts"),
    agentPath: agent,
    chromiumPath: browser,
    readable: [...new Set([process.execPath, ...folders, agentFolder, dirname(agent), ...browserFolders(browser)])],
  };
}

/** The folder of a browser that is not the system's; Playwright's own has its ffmpeg beside it. */
function browserFolders(browser: string): string[] {
  if (systemFolders.some((folder) => browser.startsWith(folder))) return [];
  const isPlaywrights = /\/chromium[^/]*-\d+\/[^/]+\/[^/]+$/.test(browser);
  return [isPlaywrights ? resolve(dirname(browser), "../..") : dirname(browser)];
}
