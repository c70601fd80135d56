import { lstat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { placesOf } from "@clew/outbox/work-folder";
import { giveInputs } from "./give-inputs.ts";
import { readHeldSecrets } from "./read-held-secrets.ts";
import { connectSandbox } from "./sandbox-connection.ts";
import { removeSandboxFile, writeSandboxFile } from "./sandbox-file.ts";
import { nameOf } from "./sandbox-id.ts";
import type { LocalProviderOptions, SandboxLauncher } from "./sandbox-launcher.ts";
import type { HandOver, LogOffsets } from "./sandbox-provider.ts";

/** Milliseconds that what works in a sandbox has to make ready for another run, and its warden to take the claim. */
const callMs = 5_000;

/** Hands sandboxes of this machine from run to run: those whose folders are no run's. */
export function createHandOver({ secretOf }: Pick<LocalProviderOptions, "secretOf">, launcher: SandboxLauncher): HandOver {
  return {
    letGo: ({ warm, workFolder, attempt }) => removeSandboxFile(warm?.runFolder ?? dirname(workFolder), attempt),
    async take(handle, plan) {
      const { runId, attempt, runFolder, inputs = [] } = plan;
      const name = nameOf(handle);
      const stay = (handle.stay ?? 1) + 1;
      await using connection = connectSandbox(handle, secretOf(name));
      await connection.agent.beginStay({ stay }, { timeoutMs: callMs });
      const secrets = await readHeldSecrets(connection.warden);
      const logsFrom = await endsOfLogs(handle.workFolder);
      await giveInputs(placesOf(handle.workFolder, stay).inputs, inputs);
      const claim = JSON.stringify({ ...launcher.claimOf(plan), stay });
      await connection.warden.claimSandbox({ claim }, { timeoutMs: callMs });
      const warm = "warm" in name ? { name: name.warm, runFolder } : undefined;
      const taken = { ...handle, runId, attempt, stay, logsFrom, warm };
      await writeSandboxFile(runFolder, taken);
      return { handle: taken, secrets };
    },
  };
}

async function endsOfLogs(workFolder: string): Promise<LogOffsets> {
  const endOf = async (name: string) => {
    const found = await lstat(join(workFolder, name)).catch(() => undefined);
    return found?.size ?? 0;
  };
  return { warden: await endOf("warden.log"), agent: await endOf("agent.log") };
}
