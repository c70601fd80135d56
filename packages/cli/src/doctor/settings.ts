import type { Clew } from "@clew/client";
import type { Finding } from "./check.ts";
import type { Environment } from "./find-program.ts";
import { checkIsolation, isolationTold } from "./isolation.ts";

const timeoutMs = 5_000;

const modelsFix = "set CLEW_MODEL and its provider's key: docs/models.md";
const stateKeyFix = "CLEW_STATE_KEY=$(openssl rand -base64 32), and keep it";

/** Says how sandboxes are kept apart, which model runs have, and whether logins can be saved: as the service tells that answers, by a dry run; otherwise as far as this machine and environment show it. */
export async function checkSettings(clew: Clew, env: Environment): Promise<readonly Finding[]> {
  const told = await clew
    .dryRun({ playbookSource: "steps: [{ action: extract }]", browserState: "doctor" }, { signal: AbortSignal.timeout(timeoutMs) })
    .catch(() => undefined);
  const tier = told?.configSummary?.["isolation"];
  const of = (name: string) => told?.checks.find((check) => check.name === name);
  return [
    typeof tier === "string" ? isolationTold(tier) : await checkIsolation(env),
    modelsOf(of("model"), env),
    stateKeyOf(of("browser_state"), env),
  ];
}

interface Check {
  readonly passed: boolean;
  readonly message: string;
}

function modelsOf(check: Check | undefined, { CLEW_MODEL: model = "" }: Environment): Finding {
  const name = "models";
  const none = "none is set up: directives run only as playbooks, and nothing recovers";
  if (check !== undefined)
    return check.passed && check.message !== "none is set up"
      ? { name, level: "ok", message: check.message }
      : { name, level: "note", message: check.passed ? none : check.message, fix: modelsFix };
  if (model !== "") return { name, level: "ok", message: `CLEW_MODEL is ${model} here` };
  return { name, level: "note", message: "CLEW_MODEL is not set here", fix: modelsFix };
}

function stateKeyOf(check: Check | undefined, { CLEW_STATE_KEY: key = "" }: Environment): Finding {
  const name = "state key";
  if (check?.passed ?? key !== "") return { name, level: "ok", message: "is set: logins can be saved, and runs forked" };
  const message = check === undefined ? "CLEW_STATE_KEY is not set here" : "is not set: no login is saved, and no run forked";
  return { name, level: "note", message, fix: stateKeyFix };
}
