import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Finding } from "./check.ts";
import { type Environment, findOnPath } from "./find-program.ts";

const name = "isolation";
const fix = "docs/isolation.md says what it wants of the machine; CLEW_SANDBOX=process goes without";

/** Says how a service keeps its sandboxes apart, by what it tells itself. */
export function isolationTold(tier: string): Finding {
  if (tier === "bubblewrap") return { name, level: "ok", message: "bubblewrap, which the orchestrator proved when it started" };
  return {
    name,
    level: "note",
    message: `${tier}: nothing but the browser itself keeps a run from the machine`,
    fix: "CLEW_SANDBOX=bubblewrap",
  };
}

/** Looks whether this machine lets bubblewrap make namespaces: where an orchestrator is to start here, it proves all the rest itself. */
export async function checkIsolation(env: Environment): Promise<Finding> {
  if (env["CLEW_SANDBOX"] === "process") return isolationTold("process");
  const bwrap = await findOnPath(env, ["bwrap"]);
  if (bwrap === undefined)
    return { name, level: "bad", message: "bubblewrap is not installed, and the orchestrator will not start without", fix };
  try {
    await promisify(execFile)(bwrap, ["--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "true"], { timeout: 10_000 });
    return { name, level: "ok", message: `${bwrap} makes namespaces here; the orchestrator proves the rest when it starts` };
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim().split("\n")[0] : "";
    return { name, level: "bad", message: `${bwrap} makes no namespaces here${said === "" ? "" : ` (${said})`}`, fix };
  }
}
